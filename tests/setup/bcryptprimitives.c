// bcryptprimitives.dll for a Wine that has none: random numbers, from the function that had them before.
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T len) {
    while (len) {
        ULONG count = len > 0x10000 ? 0x10000 : (ULONG)len;
        if (!SystemFunction036(data, count)) return FALSE;
        data += count;
        len -= count;
    }
    return TRUE;
}
