//! Compose's own resolved configuration: what it would start, worked out by compose itself.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use super::{
    AllowedVariables, Project, StartVariable, VariableState, environment, hex,
    sources::{self, Sources},
    text::visible,
};
use crate::{
    BackendDeps, Extension, ExtensionRoot,
    backend::engine_name,
    compose::{self, OWN_IMAGE},
    tool::{ComposeArgs, ComposeProgram},
    yaml,
};
use porthole_base::{
    error::{Code, Error, Result},
    private::temporary_files_failed,
};
use porthole_sdk::diagnostic::{Diagnostic, Severity};

/// What a compose file would start.
pub(super) struct Resolved {
    pub project: Project,
    pub sources: Sources,
    pub variables: Vec<StartVariable>,
    /// What Porthole doesn't read, where no compose program does.
    pub not_read: Vec<String>,
}

/// Has compose resolve a file, in the small environment. Without a compose program Porthole reads it.
pub(super) async fn resolve(
    deps: &BackendDeps,
    extension: &Extension,
    file: &Path,
    allowed: &AllowedVariables,
) -> Result<Resolved> {
    let mut env = environment::small();
    env.insert(OWN_IMAGE.to_owned(), extension.image.to_string());
    let found = sources::read_aside(&extension.root, file, &env).await?;
    let variables = variables(&found, &mut env, allowed.get(&hex(&found.digest)).map_or(&[], Vec::as_slice));
    environment::pinned(&mut env, &found.env);

    let folder = file.parent().unwrap_or(&extension.root).to_owned();
    let program = ComposeProgram::find().await;
    let (resolved, not_read) = match &program {
        Ok(program) => (by_compose(deps, extension, *program, (&folder, file), &found, &env).await?, Vec::new()),
        Err(missing) => by_porthole(extension, file, &env, missing).await?,
    };
    let project = Project { program, resolved, env, folder, file: file.to_owned(), sources: found.digest.clone() };
    Ok(Resolved { project, sources: found, variables, not_read })
}

async fn by_compose(
    deps: &BackendDeps,
    extension: &Extension,
    program: ComposeProgram,
    (folder, file): (&Path, &Path),
    found: &Sources,
    env: &BTreeMap<String, String>,
) -> Result<Value> {
    let failed = |error: std::io::Error| temporary_files_failed("Can't create a file for compose", &error);
    let private = tempfile::Builder::new().prefix("porthole-").tempdir().map_err(failed)?;
    let env_file = private.path().join("variables.env");
    std::fs::write(&env_file, &found.env).map_err(failed)?;
    let files: Vec<_> = [Some(file.to_owned()), compose::laid_over_at(file)].into_iter().flatten().collect();
    let args =
        ComposeArgs { project: &engine_name(&extension.names.project), folder, files: &files, env_file: &env_file };
    let words: &[&str] = if program == ComposeProgram::Plugin { &["config", "--format", "json"] } else { &["config"] };
    let command = environment::with(program.command(deps.engine.address(), args.with(words)), env);
    let failed = Error::new(Code::ComposeFailed, "Compose can't resolve the compose file");
    read(&deps.output(command, failed.hint("Its output is in the timeline.")).await?)
}

/// Porthole's own reading: good enough to show, and never started.
async fn by_porthole(
    extension: &Extension,
    file: &Path,
    env: &BTreeMap<String, String>,
    missing: &Error,
) -> Result<(Value, Vec<String>)> {
    let (root, file, environment) = (extension.root.clone(), file.to_owned(), env.clone());
    let failed = |error| Error::new(Code::ComposeUnreadable, "The compose file can't be read").detail(error);
    let reading = tokio::task::spawn_blocking(move || {
        let root = ExtensionRoot::open(&root).map_err(|problem| problem.to_string())?;
        let file = file.strip_prefix(root.path()).unwrap_or(&file).to_owned();
        let source = compose::ComposeSource::Folder(&root);
        Ok::<_, String>(compose::read(compose::Input { source, file: &file, environment, has_socket: true }))
    });
    let own = reading.await.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    if own.refused {
        let why = own.diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
        return Err(why.map_or_else(|| missing.clone(), compose::error));
    }
    let told = |diagnostic: &Diagnostic| visible(&format!("{}: {}", compose::place(diagnostic), diagnostic.summary));
    Ok((own.json(), own.not_read.iter().map(told).collect()))
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
    Err(Error::new(Code::ComposeFailed, "Compose would start no service")
        .hint("Check whether every service is in a profile."))
}

/// What becomes of each variable that is requested; those that are allowed are put into the environment.
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
