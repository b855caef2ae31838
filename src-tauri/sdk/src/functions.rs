//! The functions of `ddClient` that make a call, and what is checked before they make it. `porthole-cli call` and the
//! runtimes read this table; `ui/src/sdk` builds `ddClient` from what `make types` writes of it
//! (`ui/src/ipc/generated/functions.ts`).

use serde::Serialize;
use ts_rs::TS;

use crate::{
    runtime::Runtime,
    sdk_call::{CliTarget, EngineList, Sdk, SdkCall, SdkExec},
};

/// A function of `ddClient` that makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub struct SdkFunction {
    /// Where it is, without `ddClient.`: `extension.vm.service.get`.
    pub path: &'static str,
    /// Some runtimes don't have it: [`Runtime::has_deprecated_functions`].
    pub deprecated: bool,
    /// How its arguments become the call.
    pub signature: Signature,
}

/// The arguments of a function, and the call that is made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Signature {
    /// `(url)`: a request.
    Method {
        /// Its method.
        method: &'static str,
        /// `(url, data)`: it can have a body.
        data: bool,
    },
    /// `(config)`: a request.
    Request,
    /// `(cmd, args, options)`: a command.
    Exec {
        /// The owner of the `exec`.
        whose: CliTarget,
    },
    /// `(cmd)`: a whole command line.
    Line {
        /// The owner of the `exec` that it corresponds to.
        whose: CliTarget,
        /// `(container, cmd)`: it runs in that container.
        container: bool,
        /// `(cmd, ...args)`: `cmd` is one word where arguments follow.
        rest: bool,
    },
    /// `(cmd, args, callback)`: a command with callbacks.
    Spawn {
        /// The owner of the `exec` that it corresponds to.
        whose: CliTarget,
    },
    /// `(options)`: a list of the engine's things.
    List {
        /// Of which.
        what: EngineList,
    },
}

use CliTarget::{Docker, Host, Vm};
use EngineList::{Containers, Images};

const fn current(path: &'static str, signature: Signature) -> SdkFunction {
    SdkFunction { path, deprecated: false, signature }
}

const fn deprecated(path: &'static str, signature: Signature) -> SdkFunction {
    SdkFunction { path, deprecated: true, signature }
}

const fn method(method: &'static str) -> Signature {
    Signature::Method { method, data: false }
}

const fn method_with_data(method: &'static str) -> Signature {
    Signature::Method { method, data: true }
}

const fn line(whose: CliTarget) -> Signature {
    Signature::Line { whose, container: false, rest: false }
}

/// All of them. Of two that make the same call, the one to name for it comes first.
pub const FUNCTIONS: [SdkFunction; 29] = [
    current("extension.vm.service.get", method("GET")),
    current("extension.vm.service.post", method_with_data("POST")),
    current("extension.vm.service.put", method_with_data("PUT")),
    current("extension.vm.service.patch", method_with_data("PATCH")),
    current("extension.vm.service.delete", method("DELETE")),
    current("extension.vm.service.head", method("HEAD")),
    current("extension.vm.service.request", Signature::Request),
    current("extension.vm.cli.exec", Signature::Exec { whose: Vm }),
    current("extension.host.cli.exec", Signature::Exec { whose: Host }),
    current("docker.cli.exec", Signature::Exec { whose: Docker }),
    current("docker.listContainers", Signature::List { what: Containers }),
    current("docker.listImages", Signature::List { what: Images }),
    deprecated("backend.get", method("GET")),
    deprecated("backend.post", method_with_data("POST")),
    deprecated("backend.put", method_with_data("PUT")),
    deprecated("backend.patch", method_with_data("PATCH")),
    deprecated("backend.delete", method("DELETE")),
    deprecated("backend.head", method("HEAD")),
    deprecated("backend.request", Signature::Request),
    deprecated("backend.execInContainer", Signature::Line { whose: Vm, container: true, rest: false }),
    deprecated("backend.execInVMExtension", line(Vm)),
    deprecated("backend.spawnInVMExtension", Signature::Spawn { whose: Vm }),
    // Where the reference's example calls it. By type its place is `backend`.
    deprecated("spawnInVMExtension", Signature::Spawn { whose: Vm }),
    deprecated("execHostCmd", line(Host)),
    deprecated("spawnHostCmd", Signature::Spawn { whose: Host }),
    deprecated("execDockerCmd", Signature::Line { whose: Docker, container: false, rest: true }),
    deprecated("spawnDockerCmd", Signature::Spawn { whose: Docker }),
    deprecated("listContainers", Signature::List { what: Containers }),
    deprecated("listImages", Signature::List { what: Images }),
];

impl SdkFunction {
    /// The function at a path.
    pub fn at(path: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|function| function.path == path)
    }

    /// The deprecated function that makes this call of a whole command line; none for other calls.
    pub(crate) fn of_line(asked: &SdkExec) -> Option<&'static Self> {
        if !asked.line {
            return None;
        }
        let in_other_container = asked.whose == Vm && asked.container.is_some();
        FUNCTIONS.iter().find(|function| match function.signature {
            Signature::Line { whose, container, .. } => {
                asked.stream.is_none() && whose == asked.whose && container == in_other_container
            }
            Signature::Spawn { whose } => asked.stream.is_some() && whose == asked.whose,
            _ => false,
        })
    }

    /// The function that code called: the one that it names, if that one makes such a call, or the deprecated one that its
    /// call shows.
    pub(crate) fn of_call(sdk: &Sdk) -> Option<&'static Self> {
        let named = sdk.called.as_ref().and_then(|called| called.as_str().strip_prefix("ddClient."));
        let named = named.and_then(Self::at).filter(|function| function.makes(&sdk.asked));
        named.or_else(|| match &sdk.asked {
            SdkCall::Exec(asked) => Self::of_line(asked),
            _ => None,
        })
    }

    fn makes(&self, asked: &SdkCall) -> bool {
        match (self.signature, asked) {
            (Signature::Method { method, .. }, SdkCall::Request(asked)) => asked.named && asked.method == method,
            (Signature::Request, SdkCall::Request(asked)) => !asked.named,
            (Signature::Exec { whose }, SdkCall::Exec(asked)) => !asked.line && asked.whose == whose,
            (Signature::Line { whose, container, .. }, SdkCall::Exec(asked)) => {
                asked.whose == whose && asked.stream.is_none() && asked.container.is_some() == container
            }
            (Signature::Spawn { whose }, SdkCall::Exec(asked)) => asked.whose == whose && asked.stream.is_some(),
            (Signature::List { what }, SdkCall::List(asked)) => asked.what == what,
            _ => false,
        }
    }

    /// What all runtimes have in place of a deprecated function.
    pub(crate) fn current(&self) -> &'static str {
        let instead = match self.signature {
            Signature::Line { container: true, .. } => Signature::Exec { whose: Docker },
            Signature::Line { whose, .. } | Signature::Spawn { whose } => Signature::Exec { whose },
            same => same,
        };
        FUNCTIONS.iter().find(|other| other.signature == instead).map_or(self.path, |function| function.path)
    }

    /// The message of the `TypeError` that the language throws for it on a runtime that doesn't have it.
    pub fn missing_on(&self, runtime: Runtime) -> Option<String> {
        (self.deprecated && !runtime.has_deprecated_functions()).then(|| self.missing())
    }

    fn missing(&self) -> String {
        // The object that it would be in is missing too.
        match self.path.rsplit_once('.') {
            Some((_, name)) => format!("Cannot read properties of undefined (reading '{name}')"),
            None => format!("ddClient.{} is not a function", self.path),
        }
    }
}

/// The type that an argument of `exec` must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentType {
    /// As `typeof` has it.
    String,
    /// As `Array.isArray` has it.
    Array,
    /// As `typeof` has it, but for `null`.
    Object,
}

impl ArgumentType {
    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// A check of the arguments of `exec` before anything is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub struct ArgumentCheck {
    /// `cmd`, `args` or `options`, and the names of properties from there on.
    pub path: &'static [&'static str],
    /// Each item of that array, or each property of that object, is checked in its place.
    pub each: bool,
    /// The type that it must have.
    pub wanted: ArgumentType,
    /// It may be `undefined`.
    pub optional: bool,
    /// Only runtimes that check all arguments make it: [`ArgumentRules::checked`]. Without the others, no runtime could start
    /// anything.
    pub strict: bool,
}

/// In the order in which they are made: the first that fails is the error.
pub const ARGUMENT_CHECKS: [ArgumentCheck; 6] = {
    use ArgumentType::{Array, Object, String};
    [
        ArgumentCheck { path: &["cmd"], each: false, wanted: String, optional: false, strict: false },
        ArgumentCheck { path: &["args"], each: false, wanted: Array, optional: false, strict: false },
        ArgumentCheck { path: &["args"], each: true, wanted: String, optional: false, strict: true },
        ArgumentCheck { path: &["options", "cwd"], each: false, wanted: String, optional: true, strict: true },
        ArgumentCheck { path: &["options", "env"], each: false, wanted: Object, optional: true, strict: true },
        ArgumentCheck { path: &["options", "env"], each: true, wanted: String, optional: true, strict: true },
    ]
};

/// The message for an argument of another type.
pub const WRONG_TYPE: &str = r#"The "{name}" argument must be of type {wanted}. Received {received}"#;

/// The message for a command line that isn't a string.
pub const NOT_A_LINE: &str = "{function} takes a command line as a string.";

/// [`WRONG_TYPE`], for example of `args[0]`.
pub fn wrong_type(name: &str, wanted: ArgumentType, received: &str) -> String {
    // The name may be the code's own. It comes last, so that nothing in it is replaced.
    let message = WRONG_TYPE.replace("{wanted}", wanted.name()).replace("{received}", received);
    message.replace("{name}", name)
}

/// What `exec` makes of its arguments where runtimes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ArgumentRules {
    /// The runtime's code in the page checks all arguments and throws; elsewhere the error comes as that of a failed start.
    pub checked: bool,
    /// A `stream` that is there is wanted, whatever its value.
    pub stream_if_present: bool,
}

/// What the client in the page must know of a runtime to be made like its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ClientRules {
    /// The runtime's name.
    pub name: &'static str,
    /// It is a generation of Podman Desktop.
    pub podman: bool,
    /// It has the deprecated functions.
    pub deprecated_functions: bool,
    /// How it reads the arguments of `exec`.
    pub arguments: ArgumentRules,
}

impl Runtime {
    /// Whether it has the deprecated functions, such as `ddClient.execHostCmd`.
    pub fn has_deprecated_functions(self) -> bool {
        self.behavior().deprecated_functions().is_ok()
    }

    /// How its `exec` reads arguments.
    pub fn argument_rules(self) -> ArgumentRules {
        self.behavior().arguments()
    }

    /// All that the page's client is made from.
    pub fn client_rules(self) -> ClientRules {
        ClientRules {
            name: self.name(),
            podman: self.is_podman(),
            deprecated_functions: self.has_deprecated_functions(),
            arguments: self.argument_rules(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_functions_have_one_path() {
        let paths: HashSet<&str> = FUNCTIONS.iter().map(|function| function.path).collect();
        assert_eq!(paths.len(), FUNCTIONS.len());
    }

    #[test]
    fn a_missing_function_throws_what_the_language_says() {
        let missing = |path: &str, runtime| SdkFunction::at(path).unwrap().missing_on(runtime);
        assert_eq!(missing("execHostCmd", Runtime::DockerDesktop), None);
        assert_eq!(missing("docker.listImages", Runtime::RancherDesktop), None);
        assert_eq!(
            missing("spawnDockerCmd", Runtime::PodmanDesktop).unwrap(),
            "ddClient.spawnDockerCmd is not a function"
        );
        assert_eq!(
            missing("backend.get", Runtime::RancherDesktop).unwrap(),
            "Cannot read properties of undefined (reading 'get')"
        );
    }

    #[test]
    fn every_call_of_a_command_line_has_its_function() {
        for whose in [Vm, Host, Docker] {
            for stream in [None, Some(porthole_process::Streaming::default())] {
                for container in [None, Some("web".to_owned())] {
                    let asked = SdkExec {
                        whose,
                        cmd: "ls".into(),
                        args: vec![],
                        line: true,
                        cwd: None,
                        env: vec![],
                        stream,
                        container,
                    };
                    assert!(SdkFunction::of_line(&asked).is_some_and(|function| function.deprecated), "{asked:?}");
                    assert_eq!(SdkFunction::of_line(&SdkExec { line: false, ..asked }), None);
                }
            }
        }
    }

    #[test]
    fn each_deprecated_function_has_a_current_one_and_a_name_counts_only_for_a_call_that_it_makes() {
        let current = |path: &str| SdkFunction::at(path).unwrap().current();
        for function in FUNCTIONS {
            assert!(!SdkFunction::at(function.current()).unwrap().deprecated, "{}", function.path);
        }
        assert_eq!(current("backend.post"), "extension.vm.service.post");
        assert_eq!(current("spawnHostCmd"), "extension.host.cli.exec");
        assert_eq!(current("backend.execInContainer"), "docker.cli.exec");
        assert_eq!(current("listImages"), "docker.listImages");
        // A page may name what it likes.
        let images = SdkCall::List(crate::sdk_call::SdkList { what: Images, options: None });
        let called = |name: &str| {
            let called = Some(crate::sdk_call::Brief::new(name));
            SdkFunction::of_call(&Sdk { called, ..Sdk::new(images.clone(), Runtime::DockerDesktop) })
        };
        assert_eq!(called("ddClient.listImages").map(|function| function.path), Some("listImages"));
        assert_eq!(called("ddClient.listContainers"), None);
        assert_eq!(called("listImages"), None);
        assert_eq!(called("ddClient.nothing"), None);
    }

    #[test]
    fn a_name_that_looks_like_a_placeholder_stays_as_it_is() {
        assert_eq!(
            wrong_type("options.env.{received}", ArgumentType::String, "number"),
            r#"The "options.env.{received}" argument must be of type string. Received number"#
        );
    }
}
