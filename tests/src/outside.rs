//! The app as its desktop and its system see it: its windows, and its processes.

use std::{fs, process::Command};

/// Speaks to the X server, with what every desktop has: no tool is asked for.
const X: &str = r#"
import ctypes, sys
X = ctypes.CDLL("libX11.so.6")
L, P, I = ctypes.c_ulong, ctypes.c_void_p, ctypes.c_int
X.XOpenDisplay.restype = P
X.XDefaultRootWindow.restype = X.XInternAtom.restype = L
X.XKeysymToKeycode.argtypes = [P, L]
class Message(ctypes.Structure):
    _fields_ = [("type", I), ("serial", L), ("sent", I), ("display", P), ("window", L),
                ("kind", L), ("format", I), ("data", ctypes.c_long * 5), ("room", ctypes.c_long * 12)]
class Key(ctypes.Structure):
    _fields_ = [("type", I), ("serial", L), ("sent", I), ("display", P), ("window", L), ("root", L), ("child", L),
                ("time", L), ("at", I * 4), ("held", ctypes.c_uint), ("code", ctypes.c_uint), ("same", I),
                ("room", ctypes.c_long * 20)]
display = P(X.XOpenDisplay(None))
root = L(X.XDefaultRootWindow(display))
# The window of another test may go while it is looked at: that must not end this.
ignore = ctypes.CFUNCTYPE(I, P, P)(lambda display, error: 0)
X.XSetErrorHandler(ignore)
atom = lambda name: X.XInternAtom(display, name, 0)
def number(window, name):
    kind, form, count, after, data = L(), I(), L(), L(), P()
    X.XGetWindowProperty(display, L(window), L(atom(name)), 0, 1, 0, L(0), *map(ctypes.byref, (kind, form, count, after, data)))
    return ctypes.cast(data, ctypes.POINTER(L))[0] if data.value and count.value else None
def title(window):
    kind, form, count, after, data = L(), I(), L(), L(), P()
    X.XGetWindowProperty(display, L(window), L(atom(b"_NET_WM_NAME")), 0, 1024, 0, L(0), *map(ctypes.byref, (kind, form, count, after, data)))
    return ctypes.string_at(data, count.value).decode(errors="replace") if data.value else ""
def is_shown(window):
    about = (ctypes.c_byte * 256)()
    X.XGetWindowAttributes(display, L(window), about)
    return ctypes.cast(ctypes.byref(about, 92), ctypes.POINTER(I))[0] == 2
def windows(process):
    above, parent, children, count = L(), L(), ctypes.POINTER(L)(), ctypes.c_uint()
    X.XQueryTree(display, root, *map(ctypes.byref, (above, parent, children, count)))
    return [window for window in children[:count.value]
            if number(window, b"_NET_WM_PID") == process and number(window, b"WM_PROTOCOLS") and is_shown(window)]
process = int(sys.argv[2])
chosen = [window for window in windows(process) if len(sys.argv) < 4 or title(window) == sys.argv[3]
          or sys.argv[3] == "Porthole" and title(window).endswith(" \u2014 Porthole")]
if sys.argv[1] == "titles":
    for window in chosen: print(title(window))
elif sys.argv[1] in ("close", "press") and not chosen:
    sys.exit("no window of this title: %s" % [title(window) for window in windows(process)])
elif sys.argv[1] == "close":
    for window in chosen:
        message = Message(33, 0, 1, display, window, atom(b"WM_PROTOCOLS"), 32)
        message.data[0] = atom(b"WM_DELETE_WINDOW")
        X.XSendEvent(display, L(window), 0, L(0), ctypes.byref(message))
elif sys.argv[1] == "press":
    code = X.XKeysymToKeycode(display, ord(sys.argv[4]))
    for window in chosen:
        for kind, mask in ((2, 1), (3, 2)):
            key = Key(type=kind, sent=1, display=display, window=window, root=root.value, held=8, code=code, same=1)
            X.XSendEvent(display, L(window), 1, L(mask), ctypes.byref(key))
X.XSync(display, 0)
"#;

fn x(process: u32, words: &[&str]) -> String {
    let mut python = Command::new("python3");
    python.args(["-c", X]).args(words);
    // The process may be on a display of its own.
    let environment = fs::read_to_string(format!("/proc/{process}/environ")).unwrap_or_default();
    if let Some(display) = environment.split('\0').find_map(|variable| variable.strip_prefix("DISPLAY=")) {
        python.env("DISPLAY", display);
    }
    let done = python.output().expect("python3");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// The titles of a process's windows that are shown.
pub fn titles(process: u32) -> Vec<String> {
    x(process, &["titles", &process.to_string()]).lines().map(str::to_owned).collect()
}

/// Asks the window of this title to close, as its frame's button does: WebDriver's own way takes the
/// page away and leaves the window open until the driver kills the app.
pub fn close(process: u32, title: &str) {
    x(process, &["close", &process.to_string(), title]);
}

/// Presses a key with Alt in the window of this title. The app must be started with [`BY_MESSAGE`].
pub fn press(process: u32, title: &str, key: char) {
    x(process, &["press", &process.to_string(), title, &key.to_string()]);
}

/// Has GTK take keys that are sent to one window by a message: no other test's window gets them.
pub const BY_MESSAGE: (&str, &str) = ("GDK_CORE_DEVICE_EVENTS", "1");

/// The web processes of an app.
pub fn web_processes(app: u32) -> Vec<u32> {
    let is_one = |process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // `pid (name) state parent …`
        let Some((name, rest)) = stat.rsplit_once(')') else { return false };
        let mut rest = rest.split_whitespace();
        name.ends_with("(WebKitWebProces") && rest.next() != Some("Z") && rest.next() == Some(&app.to_string())
    };
    let all = fs::read_dir("/proc").expect("/proc").flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_one).collect()
}

/// Ends a process as the kernel does when memory is short.
pub fn kill(process: u32) {
    let killed = Command::new("kill").args(["-KILL", &process.to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()), "{process} cannot be killed");
}
