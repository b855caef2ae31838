//! What runs on all engines that the docker CLI knows of.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    Engine, EngineEnvironment, diagnose,
    facts::{Context, ContextExtensions, RunningExtension},
};
use porthole_base::error::Result;

/// How long one engine may take, from the login to the list: the user waits for it in front of the window.
const PATIENCE: Duration = Duration::from_secs(6);

/// The extensions that run on the engine of every docker context, in the order of [`EngineEnvironment::contexts`]. All are
/// asked at the same time, so that one that is far away or dead holds the others up for no longer than `PATIENCE`.
pub async fn extensions_everywhere(environment: &EngineEnvironment) -> Vec<ContextExtensions> {
    within(PATIENCE, environment).await
}

async fn within(limit: Duration, environment: &EngineEnvironment) -> Vec<ContextExtensions> {
    let asked = environment.contexts().into_iter().map(|context| async {
        let (extensions, error) = match extensions_of(environment, &context, limit).await {
            Ok(extensions) => (extensions, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        ContextExtensions { context, extensions, error }
    });
    join_all(asked).await
}

async fn extensions_of(
    environment: &EngineEnvironment,
    context: &Context,
    limit: Duration,
) -> Result<Vec<RunningExtension>> {
    // One that cannot be read is listed by its folder, which is no name to ask for.
    if let Some(error) = &context.error {
        return Err(error.clone());
    }
    let address = environment.named(&context.name)?;
    let asked = async { Engine::connect(address.clone()).await?.extensions().await };
    let answer = tokio::time::timeout(limit, asked).await;
    answer.unwrap_or_else(|_| Err(diagnose::silent(&address, limit.as_secs())))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use porthole_base::error::Code;

    fn keep(config: &Path, name: &str, meta: &str) {
        let folder = config.join("contexts/meta").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("meta.json"), meta).unwrap();
    }

    #[tokio::test]
    async fn engines_that_do_not_answer_are_told_with_the_reason_and_hold_nobody_up() {
        let config = tempfile::tempdir().unwrap();
        // It takes connections and never says a word.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent_names: Vec<String> = (0..8).map(|number| format!("a-silent-{number}")).collect();
        for name in &silent_names {
            let host = format!("tcp://{}", silent.local_addr().unwrap());
            keep(config.path(), name, &format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#));
        }
        keep(config.path(), "broken", "{");
        let environment = EngineEnvironment {
            preferred: None,
            docker_host: Some("unix:///nonexistent/docker.sock".into()),
            config: Some(config.path().to_owned()),
            ..EngineEnvironment::default()
        };
        let (began, limit) = (std::time::Instant::now(), Duration::from_secs(1));
        let told = within(limit, &environment).await;
        // One after the other would take eight times as long. A busy machine may take some of that.
        assert!(began.elapsed() < limit * 6, "{:?}", began.elapsed());
        let names: Vec<&str> = told.iter().map(|told| told.context.name.as_str()).collect();
        let expected = ["DOCKER_HOST", "default"].into_iter().chain(silent_names.iter().map(String::as_str));
        assert_eq!(names, expected.chain(["broken"]).collect::<Vec<_>>());
        let error = |at: usize| told[at].error.clone().unwrap();
        assert_eq!(error(0).code, Code::EngineUnavailable);
        for at in 2..10 {
            assert_eq!(error(at).code, Code::EngineUnavailable);
            assert!(error(at).detail.unwrap().contains("within 1 s"), "{:?}", error(at));
        }
        assert_eq!(error(10).code, Code::EngineAddressInvalid);
        assert!(told.iter().all(|told| told.extensions.is_empty()));
    }
}
