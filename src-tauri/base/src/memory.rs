//! Memory that was freed and that the allocator keeps.

/// Gives it back to the operating system. glibc does so by itself only at the end of a heap, and each thread has one: after
/// thousands of calls most of it would stay.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code)]
    // SAFETY: it takes no pointer, and may be called from any thread at any time.
    unsafe {
        nix::libc::malloc_trim(0);
    }
}
