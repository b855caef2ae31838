//! A small Porthole that brings up the backend of the folder that is its argument, and says `ready`. A line on stdin
//! makes it let go of the backend; it goes on until it is killed.

use std::{path::Path, sync::Arc};

use porthole_base::error::{Code, Error};
use porthole_engine::{
    Address, Engine,
    reaper::{Reaper, serve_if_asked},
};
use porthole_extension::{AllowedVariables, BackendDeps, ExtensionSource, LiveBackend, Start, open};
use porthole_timeline::Timeline;

fn main() {
    if !serve_if_asked() {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(bring_up());
    }
}

async fn bring_up() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, image, host] = words.as_slice() else { panic!("FOLDER IMAGE ENGINE") };
    let here = tempfile::tempdir().expect("a folder");
    let reaper = Arc::new(Reaper::start());
    let at = |name: &str| here.path().join(name);
    let timeline = Timeline::new(at("session"), at("kept"), 1 << 20, Some(Arc::clone(&reaper)));
    std::fs::create_dir(at("session")).expect("a folder");
    let engine = Engine::connect(Address::new("test", host.clone())).await.expect("an engine");
    let source = ExtensionSource::Folder { path: folder.into(), image: Some(image.clone()) };
    let none = Err(Error::new(Code::EngineUnavailable, "not needed"));
    let extension = open(source, none, Path::new("/nowhere"), None).await.expect("an extension");
    let deps =
        BackendDeps { engine, timeline: Arc::new(timeline), reaper: Some(reaper), cancelled: Default::default() };
    let plan = Start::plan(&deps, &extension, false, &AllowedVariables::new()).await.expect("a plan");
    let backend = LiveBackend::start(&deps, &extension, &plan).await.expect("a backend");
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("stdin");
    drop(backend);
    std::io::stdin().read_line(&mut line).expect("stdin");
}
