use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use super::*;

/// An engine that answers each path that contains one of these texts with a status and a body.
struct Fake {
    engine: Engine,
    serving: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Fake {
    async fn new(answers: Vec<(&'static str, u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        let answers = Arc::new(answers);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 16 * 1024];
                let length = stream.read(&mut head).await.unwrap_or_default();
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default();
                let found = answers.iter().find(|(part, ..)| path.contains(part));
                let (status, body) = found.map_or((200, "{}"), |(_, status, body)| (*status, body.as_str()));
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let engine = Engine::connect(Address::new("test", address)).await.unwrap();
        Self { engine, serving }
    }
}

/// What engines of several makers and languages may say: with Docker's words, with other words, and with none.
const WORDS: [&str; 5] = [
    r#"{"message":"No such container: web"}"#,
    r#"{"message":"Error response from daemon: container web is not running: container web is paused"}"#,
    r#"{"message":"Es gibt keinen Behälter dieses Namens"}"#,
    r#"{"message":""}"#,
    "",
];

/// A container that is not there was known by `ontainer` in the message alone.
#[tokio::test]
async fn a_missing_container_is_known_by_its_status_whatever_the_engine_says() {
    let web = ContainerName::new("web").unwrap();
    for words in WORDS {
        let fake = Fake::new(vec![("/containers/web/json", 404, words.to_owned())]).await;
        let error = fake.engine.inspect(&web).await.unwrap_err();
        assert_eq!((error.code, error.status), (Code::ContainerNotFound, Some(404)), "{words}");
    }
}

/// The same words with another status, or about another thing, are no missing or paused container.
#[tokio::test]
async fn a_refusal_has_its_status_whatever_the_engine_says() {
    for words in WORDS {
        for status in [404, 409, 500] {
            let fake = Fake::new(vec![("/images/json", status, words.to_owned())]).await;
            let error = fake.engine.images().await.map_err(|error| fake.engine.explain(error)).unwrap_err();
            assert_eq!((error.code, error.status), (Code::EngineRefused, Some(status)), "{words}");
        }
    }
}

/// Docker refuses an exec in a container that doesn't run with 409, Podman with 409 or 500.
#[tokio::test]
async fn why_a_command_was_refused_is_seen_at_the_container_and_not_in_the_message() {
    let web = ContainerName::new("web").unwrap();
    let state =
        |running: bool, paused: bool| format!(r#"{{"Id":"web","State":{{"Running":{running},"Paused":{paused}}}}}"#);
    for words in WORDS {
        for status in [404, 409, 500] {
            for (inspected, code) in [
                ((200, state(true, true)), Code::ContainerPaused),
                ((200, state(false, false)), Code::ContainerNotRunning),
                ((404, words.to_owned()), Code::ContainerNotFound),
                ((200, state(true, false)), Code::EngineRefused),
            ] {
                let answers = vec![
                    ("/containers/web/exec", status, words.to_owned()),
                    ("/containers/web/json", inspected.0, inspected.1),
                ];
                let fake = Fake::new(answers).await;
                let refused = fake.engine.create_exec("web", &Default::default()).await.unwrap_err();
                let error = fake.engine.explain_about(refused, &web).await;
                assert_eq!(error.code, code, "{status} {words}");
                assert!(matches!(error.status, Some(404 | 409 | 500)), "{error:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_missing_image_is_known_by_its_status_whatever_the_engine_says() {
    for words in WORDS {
        let fake = Fake::new(vec![("/images/acme/x/json", 404, words.to_owned())]).await;
        assert_eq!(fake.engine.image_id("acme/x").await.unwrap(), None, "{words}");
    }
}

/// A plain request to a port with TLS: Go's server refuses it with 400.
#[tokio::test]
async fn a_port_with_tls_is_known_by_its_status_whatever_it_says() {
    for words in ["Client sent an HTTP request to an HTTPS server.", "Bitte verschlüsseln.", ""] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(format!("HTTP/1.0 400 Bad Request\r\n\r\n{words}").as_bytes()).await;
            }
        });
        let error = Engine::connect(Address::new("far", format!("tcp://127.0.0.1:{port}"))).await.unwrap_err();
        serving.abort();
        assert_eq!(error.code, Code::EngineUnavailable);
        assert!(error.hint.unwrap().contains("TLS"), "{words}");
    }
}

/// What can't be read was a refusal, and the container was blamed for it.
#[tokio::test]
async fn a_response_that_cannot_be_read_is_no_refusal() {
    let fake = Fake::new(vec![("/images/json", 200, "no JSON".to_owned())]).await;
    let error = fake.engine.images().await.map_err(|error| fake.engine.explain(error)).unwrap_err();
    assert_eq!((error.code, error.status), (Code::EngineUnexpected, None));
}
