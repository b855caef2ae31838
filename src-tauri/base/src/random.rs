//! Random ids.

use crate::error::{Code, Error, Result};

/// An id that nothing else has and that can't be guessed: 128 bits from the operating system, as 32 hexadecimal digits.
///
/// # Errors
/// [`Code::RandomUnavailable`].
pub fn random_id() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(unavailable)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn unavailable(error: getrandom::Error) -> Error {
    Error::new(Code::RandomUnavailable, "The operating system provided no random bytes").detail(error)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_have_one_length_and_differ() {
        let ids: BTreeSet<String> = (0..1000).map(|_| random_id().unwrap()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }

    #[test]
    fn a_system_without_random_bytes_is_an_error() {
        let error = unavailable(getrandom::Error::UNSUPPORTED);
        assert_eq!(error.code, Code::RandomUnavailable);
        assert!(error.detail.is_some());
    }
}
