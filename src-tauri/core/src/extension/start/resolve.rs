//! Compose's own resolved configuration: what it would start, worked out by compose itself.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use super::{
    AllowedVariables, Project, StartVariable, VariableState, environment, hex,
    sources::{self, Sources},
};
use crate::{
    error::{Code, Error, Result},
    extension::{
        Means, Opened,
        backend::engine_name,
        tool::{ComposeArgs, ComposeProgram},
        yaml,
    },
};

/// The variable that stands for the extension's image. The desktop defines it, and no other.
const OWN_IMAGE: &str = "DESKTOP_PLUGIN_IMAGE";

/// Has compose resolve a file, in the small environment.
pub(super) async fn resolve(
    means: &Means,
    opened: &Opened,
    file: &Path,
    allowed: &AllowedVariables,
) -> Result<(Project, Sources, Vec<StartVariable>)> {
    let mut env = environment::small();
    env.insert(OWN_IMAGE.to_owned(), opened.image.to_string());
    let found = sources::read_aside(&opened.root, file, &env).await?;
    let variables = variables(&found, &mut env, allowed.get(&hex(&found.digest)).map_or(&[], Vec::as_slice));
    environment::pinned(&mut env, &found.env);

    let program = ComposeProgram::find().await?;
    let folder = file.parent().unwrap_or(&opened.root).to_owned();
    let failed = |error| Error::new(Code::SaveFailed, "No file could be made for compose").detail(error);
    let private = tempfile::Builder::new().prefix("porthole-").tempdir().map_err(failed)?;
    let env_file = private.path().join("variables.env");
    std::fs::write(&env_file, &found.env).map_err(failed)?;
    let args = ComposeArgs { project: &engine_name(&opened.names.project), folder: &folder, file, env_file: &env_file };
    let words: &[&str] = if program == ComposeProgram::Plugin { &["config", "--format", "json"] } else { &["config"] };
    let command = environment::with(program.command(means.engine.address(), args.with(words)), &env);
    let failed = Error::new(Code::ComposeFailed, "Compose can't resolve the compose file");
    let text = means.output(command, failed.hint("All that it wrote is in the timeline.")).await?;
    let resolved = read(&text)?;
    let project = Project { program, resolved, env, folder, file: file.to_owned(), sources: found.digest.clone() };
    Ok((project, found, variables))
}

/// JSON, or the YAML of docker-compose.
fn read(text: &str) -> Result<Value> {
    let resolved = match serde_json::from_str(text) {
        Ok(resolved) => resolved,
        Err(_) => yaml::json(text)?,
    };
    let has_services = resolved.get("services").and_then(Value::as_object).is_some_and(|services| !services.is_empty());
    if has_services {
        return Ok(resolved);
    }
    Err(Error::new(Code::ComposeFailed, "Compose would start no service").hint("Is each service in a profile?"))
}

/// What becomes of each variable that is asked for; those that are allowed are put into the environment.
fn variables(found: &Sources, env: &mut BTreeMap<String, String>, allowed: &[String]) -> Vec<StartVariable> {
    let asked = found.names.iter().filter(|name| !env.contains_key(*name) && !environment::steers(name)).cloned();
    let asked: Vec<String> = asked.collect();
    let state = |name: &String, env: &mut BTreeMap<String, String>| match (allowed.contains(name), std::env::var(name))
    {
        (false, _) => VariableState::NotPassed,
        (true, Err(_)) => VariableState::Missing,
        (true, Ok(value)) => {
            env.insert(name.clone(), value);
            VariableState::Passed
        }
    };
    asked.into_iter().map(|name| StartVariable { state: state(&name, env), name }).collect()
}
