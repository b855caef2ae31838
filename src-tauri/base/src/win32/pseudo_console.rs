//! Pseudo-consoles (ConPTY): what a terminal is on Windows. The console draws into one pipe and reads keys from another.

use std::{
    ffi::{OsStr, c_void},
    io,
    os::windows::{
        ffi::OsStrExt,
        io::{AsRawHandle, OwnedHandle},
    },
    path::Path,
    ptr::{null, null_mut},
    sync::mpsc,
    thread,
};

use windows_sys::{
    Win32::{
        Foundation::{FARPROC, HANDLE},
        System::{
            Console::{COORD, HPCON},
            LibraryLoader::{GetModuleHandleW, GetProcAddress},
            Threading::{
                CREATE_SUSPENDED, CREATE_UNICODE_ENVIRONMENT, CreateProcessW, DeleteProcThreadAttributeList,
                EXTENDED_STARTUPINFO_PRESENT, InitializeProcThreadAttributeList, PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE,
                PROCESS_INFORMATION, STARTF_USESTDHANDLES, STARTUPINFOEXW, UpdateProcThreadAttribute,
            },
        },
    },
    core::{HRESULT, PCSTR, w},
};

use super::{done, owned};

type Create = unsafe extern "system" fn(COORD, HANDLE, HANDLE, u32, *mut HPCON) -> HRESULT;
type Resize = unsafe extern "system" fn(HPCON, COORD) -> HRESULT;
type Close = unsafe extern "system" fn(HPCON);

/// A console that no window shows.
#[derive(Debug)]
pub struct PseudoConsole {
    handle: HPCON,
    resize: Resize,
    /// The thread that closes the console waits for the end of this.
    _open: mpsc::Sender<()>,
}

/// A process that waits to be resumed.
#[derive(Debug)]
pub struct Suspended {
    /// Its handle.
    pub process: OwnedHandle,
    /// Its number.
    pub id: u32,
}

impl PseudoConsole {
    /// Opens one with this many columns and rows, which reads and writes synchronous pipes.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] on a Windows that has none (before Windows 10 version 1809), and what the system says.
    pub fn open(size: (u16, u16), input: &OwnedHandle, output: &OwnedHandle) -> io::Result<Self> {
        // SAFETY: these are the types of the documented functions.
        let (create, resize, close) = unsafe {
            (
                std::mem::transmute::<FARPROC, Option<Create>>(function(c"CreatePseudoConsole".as_ptr().cast())),
                std::mem::transmute::<FARPROC, Option<Resize>>(function(c"ResizePseudoConsole".as_ptr().cast())),
                std::mem::transmute::<FARPROC, Option<Close>>(function(c"ClosePseudoConsole".as_ptr().cast())),
            )
        };
        let (Some(create), Some(resize), Some(close)) = (create, resize, close) else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let (open, closed) = mpsc::channel::<()>();
        let (sender, receiver) = mpsc::channel::<HPCON>();
        // Closing waits, before Windows 11 24H2, until all that the console still writes was read. The caller may be the one
        // that reads, so it is closed on a thread, which is there before the console: later there may be none left.
        thread::Builder::new().name("console-close".to_owned()).spawn(move || {
            let Ok(handle) = receiver.recv() else { return };
            let _ = closed.recv();
            // SAFETY: the console was made below, is closed only here, and its owner is gone.
            unsafe { close(handle) };
        })?;
        let mut handle = 0;
        // SAFETY: both handles live longer than the call, which duplicates them, and the last one is written to.
        let created = unsafe { create(coord(size), input.as_raw_handle(), output.as_raw_handle(), 0, &mut handle) };
        succeeded(created)?;
        let _ = sender.send(handle);
        Ok(Self { handle, resize, _open: open })
    }

    /// Gives it another number of columns and rows.
    ///
    /// # Errors
    /// What the system says.
    pub fn resize(&self, size: (u16, u16)) -> io::Result<()> {
        // SAFETY: the console is open as long as this value lives.
        succeeded(unsafe { (self.resize)(self.handle, coord(size)) })
    }

    /// Starts a program in it, suspended. The line has the program's name and its arguments.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a text with a NUL, and what the system says against the program.
    pub fn start<'a>(
        &self,
        program: &Path,
        line: &OsStr,
        env: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
        cwd: &Path,
    ) -> io::Result<Suspended> {
        let (program, mut line) = (wide(program.as_os_str())?, wide(line)?);
        let (env, cwd) = (environment(env)?, wide(cwd.as_os_str())?);
        let mut attributes = Attributes::of(self)?;
        let mut start = STARTUPINFOEXW { lpAttributeList: attributes.list(), ..STARTUPINFOEXW::default() };
        start.StartupInfo.cb = size_of::<STARTUPINFOEXW>() as u32;
        // Without these the program would get the streams of this process, where these are pipes or files.
        start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        let mut started = PROCESS_INFORMATION::default();
        // SAFETY: all texts end in NUL, the environment in two, and they and the list of attributes live longer than the
        // call. The line may be written to. No handle is inherited.
        done(unsafe {
            CreateProcessW(
                program.as_ptr(),
                line.as_mut_ptr(),
                null(),
                null(),
                0,
                CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT,
                env.as_ptr().cast::<c_void>(),
                cwd.as_ptr(),
                &raw const start.StartupInfo,
                &mut started,
            )
        })?;
        let process = owned(started.hProcess)?;
        drop(owned(started.hThread));
        Ok(Suspended { process, id: started.dwProcessId })
    }
}

/// A function of the system, if this version has it. The system's library is loaded in each process, so no other file of
/// this name can be taken for it.
fn function(name: PCSTR) -> FARPROC {
    // SAFETY: both names end in NUL, and the library is never unloaded.
    unsafe { GetProcAddress(GetModuleHandleW(w!("kernel32.dll")), name) }
}

/// What a process is started with, beside its streams: its console.
struct Attributes(Vec<usize>);

impl Attributes {
    fn of(console: &PseudoConsole) -> io::Result<Self> {
        let mut bytes = 0;
        // SAFETY: without a list it writes the size of one.
        unsafe { InitializeProcThreadAttributeList(null_mut(), 1, 0, &mut bytes) };
        let mut memory = vec![0_usize; bytes.div_ceil(size_of::<usize>()).max(1)];
        // SAFETY: the memory has at least this size, and is aligned as a pointer is.
        done(unsafe { InitializeProcThreadAttributeList(memory.as_mut_ptr().cast(), 1, 0, &mut bytes) })?;
        let mut list = Self(memory);
        // SAFETY: the list was made for one attribute. Its value is the handle, not a pointer to it.
        done(unsafe {
            UpdateProcThreadAttribute(
                list.list(),
                0,
                PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE as usize,
                console.handle as *const c_void,
                size_of::<HPCON>(),
                null_mut(),
                null(),
            )
        })?;
        Ok(list)
    }

    fn list(&mut self) -> *mut c_void {
        self.0.as_mut_ptr().cast()
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the list was initialized.
        unsafe { DeleteProcThreadAttributeList(self.list()) };
    }
}

fn coord((columns, rows): (u16, u16)) -> COORD {
    let most = |count: u16| i16::try_from(count).unwrap_or(i16::MAX);
    COORD { X: most(columns), Y: most(rows) }
}

fn succeeded(result: HRESULT) -> io::Result<()> {
    /// What an `HRESULT` begins with that holds an error of the system.
    const OF_THE_SYSTEM: i32 = 0x8007;
    match result {
        0.. => Ok(()),
        _ if (result >> 16) & 0xffff == OF_THE_SYSTEM => Err(io::Error::from_raw_os_error(result & 0xffff)),
        _ => Err(io::Error::other(format!("HRESULT 0x{result:08x}"))),
    }
}

/// A text that ends in NUL, and has none before.
fn wide(text: &OsStr) -> io::Result<Vec<u16>> {
    let mut units: Vec<u16> = text.encode_wide().collect();
    if units.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a text has a NUL"));
    }
    units.push(0);
    Ok(units)
}

/// Variables as a process gets them: one after the other, and an empty one at the end.
fn environment<'a>(variables: impl Iterator<Item = (&'a OsStr, &'a OsStr)>) -> io::Result<Vec<u16>> {
    let mut block = Vec::new();
    for (name, value) in variables {
        let mut variable = name.to_owned();
        variable.push("=");
        variable.push(value);
        block.extend(wide(&variable)?);
    }
    // An empty environment ends in two as well.
    if block.is_empty() {
        block.push(0);
    }
    block.push(0);
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_this_windows_lacks_is_none() {
        assert!(function(c"CreatePseudoConsole".as_ptr().cast()).is_some());
        assert!(function(c"CreatePseudoConsoleOfPorthole".as_ptr().cast()).is_none());
    }

    #[test]
    fn an_environment_ends_in_an_empty_variable() {
        let text = |name| OsStr::new(name);
        let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
        let two = [(text("A"), text("1")), (text("B"), text(""))];
        assert_eq!(environment(two.into_iter()).unwrap(), units("A=1\0B=\0\0"));
        assert_eq!(environment(std::iter::empty()).unwrap(), [0, 0]);
        let error = environment([(text("A"), text("1\0B=2"))].into_iter()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn errors_of_the_system_keep_their_number() {
        const E_NOTIMPL: HRESULT = 0x8000_4001_u32 as i32;
        const NOT_ENOUGH_MEMORY: HRESULT = 0x8007_0008_u32 as i32;
        assert!(succeeded(0).is_ok());
        assert_eq!(succeeded(NOT_ENOUGH_MEMORY).unwrap_err().raw_os_error(), Some(8));
        assert!(succeeded(E_NOTIMPL).unwrap_err().to_string().contains("80004001"));
    }

    #[test]
    fn a_size_above_what_a_console_can_have_is_its_largest() {
        let COORD { X, Y } = coord((80, u16::MAX));
        assert_eq!((X, Y), (80, i16::MAX));
    }
}
