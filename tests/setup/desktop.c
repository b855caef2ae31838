// Keeps Wine's desktop. That is a program, which the first one that needs it starts, and it inherits what that one has open:
// the pipe of a console would be open then as long as the desktop is.
#include <windows.h>

int main(void) {
    GetDesktopWindow();
    Sleep(INFINITE);
    return 0;
}
