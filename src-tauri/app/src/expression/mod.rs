//! A call on `ddClient` as it is written in code, with literal arguments:
//! `await ddClient.extension.vm.service.post("/volumes", { name: "data" })`.
//!
//! It becomes the same [`SdkCall`] as when the code runs in the console (`ui/src/sdk`).

mod methods;
mod reader;
mod value;

use porthole_base::error::{Code, Error, Result};
use porthole_sdk::{
    functions::SdkFunction,
    runtime::Runtime,
    sdk_call::{Brief, Sdk},
};

use reader::Reader;
use value::Value;

/// Bytes of an expression.
const LONGEST: usize = 1024 * 1024;

/// A call, read from its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    function: &'static SdkFunction,
    arguments: Vec<Value>,
}

impl Expression {
    /// Reads one call. `await`, `window.`, optional chaining and a semicolon may be written too.
    ///
    /// # Errors
    /// [`Code::PasteUnknown`], with the place of what can't be read.
    pub fn read(text: &str) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(Error::new(Code::PasteUnknown, format!("The call is longer than {} MB", LONGEST / 1_000_000)));
        }
        let (names, arguments) = Reader::new(text).call()?;
        // A function that doesn't exist is an error before a runtime is chosen.
        Ok(Self { function: methods::find(&names.join("."))?, arguments })
    }

    /// The call for a runtime.
    ///
    /// # Errors
    /// [`Code::RuntimeRefuses`] if the runtime doesn't have the function or refuses the arguments: nothing is sent or started.
    pub fn call(&self, runtime: Runtime) -> Result<Sdk> {
        if let Some(message) = self.function.missing_on(runtime) {
            return Err(Error::new(Code::RuntimeRefuses, message));
        }
        let asked = methods::asked(self.function, &self.arguments, runtime)?;
        let called = Brief::new(&format!("ddClient.{}", self.function.path));
        Ok(Sdk { called: Some(called), ..Sdk::new(asked, runtime) })
    }
}

#[cfg(test)]
#[path = "expression_tests.rs"]
mod tests;
