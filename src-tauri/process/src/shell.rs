//! The shell of the user.

/// The shell that the user has on this machine: the one of the environment, else the one that the system has for the user.
#[cfg(unix)]
pub fn login_shell() -> String {
    let named = std::env::var("SHELL").ok();
    let own = || {
        let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten()?;
        user.shell.into_os_string().into_string().ok()
    };
    named.into_iter().chain(own()).find(|shell| is_absolute(shell)).unwrap_or_else(|| "/bin/sh".to_owned())
}

/// The same: `cmd`, unless the environment names another.
#[cfg(windows)]
pub fn login_shell() -> String {
    let named = std::env::var("ComSpec").ok().filter(|shell| is_absolute(shell));
    named.unwrap_or_else(|| r"C:\Windows\System32\cmd.exe".to_owned())
}

fn is_absolute(shell: &str) -> bool {
    std::path::Path::new(shell).is_absolute()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_is_a_whole_path() {
        assert!(is_absolute(&login_shell()), "{}", login_shell());
    }
}
