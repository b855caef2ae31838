//! What the shell answers to each command of the list: one line into the core, most of them.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use porthole_base::error::{Code, Error, Result};
use porthole_core::{
    bootstrap::Bootstrap,
    data_dir::DataDir,
    demo::{self, Demo},
    page_window::{PageWindowClosed, PageWindowState},
    permission::Gate,
    settings::{Loaded, Remembered, Settings, SettingsFile, Theme},
};
use porthole_engine as engine;
use porthole_engine::{
    Container, Context, ContextExtensions, Engine, EngineEnvironment,
    reaper::Reaper,
    target::{self, Target, TargetStatus},
    this_machine::Machine,
};
use porthole_extension as extension;
use porthole_extension::{
    ExtensionHost, ExtensionSource, Misses, OpenExtension, OpenedPage, PackageCommand, PageFacts, PageFrom, ProjectStep,
};
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_output::{Fold, Hit, Query, SaveContent, SavedFile, View, Window};
use porthole_process::{Command, Signal};
use porthole_sdk::{
    code::{self, Form, Pasted},
    diagnostics::Diagnostic,
    draft::Draft,
    runtime::Runtime,
    sdk_result::{Callbacks, SdkResult},
};
use porthole_timeline::{Call, Changes, Origin, Timeline};
use tauri::WebviewWindow;
use tokio::{sync::watch, task::JoinSet};

use crate::{page::not_our_own, page_window::PageWindow, permissions::on_its_own_thread, web};

/// Bytes that all outputs may take on the disk, unless the settings say otherwise.
const QUOTA: u64 = 20_000_000_000;

/// The folders of this user.
pub struct Directories {
    /// Where outputs are.
    pub data: DataDir,
    /// Where the settings are; none without a home.
    pub config: Option<PathBuf>,
    /// Where files are saved unless another place is named.
    pub downloads: PathBuf,
    /// What `~` represents, where there is a home.
    pub home: Option<PathBuf>,
    /// Where the demo extension is; none where it was not built.
    pub demo_extension: Option<PathBuf>,
}

/// One Porthole: everything behind the window.
pub struct Porthole {
    timeline: Arc<Timeline>,
    /// The target with its endpoint; the demo backend's where it names none.
    pub(crate) target: watch::Sender<(Target, Result<Endpoint>)>,
    demo: Result<Endpoint>,
    pub(crate) remembered: Remembered,
    trouble: Option<Error>,
    /// Why nothing is kept for the next start, when nothing is.
    not_kept: Option<Error>,
    /// Where files are saved unless another place is named.
    downloads: PathBuf,
    home: Option<PathBuf>,
    demo_extension: Option<PathBuf>,
    /// Tells the web view the theme: pages of extensions ask it, and not Porthole.
    themed: Box<dyn Fn(Theme) + Send + Sync>,
    /// The extension that is open.
    pub(crate) extension_host: ExtensionHost,
    /// What the calls of code need.
    pub(crate) gate: Gate,
    /// Its page.
    pub(crate) page: Mutex<Option<Arc<extension::PageServer>>>,
    pub(crate) own: PageWindow,
    /// Where the windows have their web storage.
    pub(crate) web_storage: PathBuf,
    /// Why the window had to be loaded again; told once.
    lost: Mutex<Option<Error>>,
    _looking: JoinSet<()>,
    /// Where the outputs are, and the demo backend, until the end.
    owned: Mutex<Option<(DataDir, Option<Demo>)>>,
}

impl Porthole {
    /// Starts what the window is on.
    pub async fn start(places: Directories, themed: Box<dyn Fn(Theme) + Send + Sync>, own: PageWindow) -> Self {
        let Directories { data, config, downloads, home, demo_extension } = places;
        let session = data.session.path().to_owned();
        let web_storage = session.join(web::STORAGE);
        let (running, demo) = match Demo::start(&session).await {
            Ok(running) => {
                let endpoint = running.endpoint().clone();
                (Some(running), Ok(endpoint))
            }
            Err(error) => (None, Err(demo::failed(&error))),
        };
        let reaper = Some(Arc::new(Reaper::start()));
        let permissions = config.as_deref().unwrap_or(&session).join("permissions.json");
        let file = config.map(|config| SettingsFile::new(config.join("settings.json")));
        let Loaded { settings: remembered, trouble: unread } =
            file.as_ref().map(SettingsFile::load).unwrap_or_default();
        let unsaved = file.as_ref().and_then(|file| file.check_writable().err());
        let trouble = Error::joined(data.trouble.iter().cloned().chain(unread).chain(unsaved));
        themed(remembered.theme);
        let quota = remembered.quota.unwrap_or(QUOTA);
        // Without a data directory nothing is kept: `keep` says so.
        let kept = data.path.as_deref().unwrap_or(&session).join("kept");
        let timeline = Timeline::new(session.clone(), kept, quota, reaper.clone());
        let timeline = Arc::new(timeline);
        let extension_host = ExtensionHost::new(Arc::clone(&timeline), reaper, session);
        timeline.reopen_kept();
        let gate = Gate::new(Arc::clone(&timeline), permissions);
        let target = remembered.target.clone().unwrap_or_else(Target::demo);
        timeline.connections().use_context(target.engine.clone());
        let target = watch::Sender::new((target.clone(), endpoint_of(&target, &demo)));
        let mut looking = JoinSet::new();
        looking.spawn(target::keep_checking(target.subscribe(), timeline.connections(), {
            let timeline = Arc::clone(&timeline);
            move |marks: TargetStatus| timeline.set_target_status(marks)
        }));
        let not_kept = data.trouble.clone();
        let (remembered, owned) = (Remembered::new(remembered, file), Mutex::new(Some((data, running))));
        let page = Mutex::new(None);
        Self {
            timeline,
            target,
            demo,
            remembered,
            trouble,
            not_kept,
            downloads,
            home,
            demo_extension,
            themed,
            extension_host,
            gate,
            page,
            own,
            web_storage,
            lost: Mutex::new(None),
            _looking: looking,
            owned,
        }
    }

    /// Ends every Call and removes its files. The process ends right after, and drops nothing.
    pub async fn close(&self) {
        self.extension_host.drop_all();
        self.timeline.close().await;
        drop(self.owned.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub async fn bootstrap(&self) -> Result<Bootstrap> {
        // What a window that was here before has run is gone with it.
        self.gate.withdraw(Origin::Console);
        if self.own.shown().is_none() {
            self.gate.withdraw(Origin::Page);
        }
        let (target, _) = self.target.borrow().clone();
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Bootstrap {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings: self.remembered.get(),
            trouble: lost.or_else(|| self.trouble.clone()).or_else(|| self.demo.as_ref().err().cloned()),
            target,
            demo: self.demo.as_ref().ok().cloned(),
            examples: demo::examples(),
            demo_extension: self.demo_extension.clone(),
            machine: Machine::this(),
        })
    }

    pub async fn changes(&self, since: u64) -> Result<Changes> {
        Ok(self.timeline.changes(since).await)
    }

    pub async fn call(&self, id: u32) -> Result<Call> {
        self.timeline.call(id)
    }

    pub async fn lines(&self, id: u32, view: View, from: u64, count: u32, ansi: bool) -> Result<Window> {
        self.timeline.lines(id, view, from, count.into(), ansi).await
    }

    pub async fn row_at_time(&self, id: u32, view: View, time: u64) -> Result<u64> {
        self.timeline.row_at_time(id, view, time)
    }

    pub async fn set_charset(&self, id: u32, charset: Option<String>) -> Result<()> {
        self.timeline.set_charset(id, charset.as_deref())
    }

    pub async fn exact(&self, id: u32, view: View, from: u64, to: u64) -> Result<String> {
        self.timeline.exact(id, view, from, to).await
    }

    pub async fn fold(&self, id: u32, line: u64, fold: Fold) -> Result<()> {
        self.timeline.fold(id, line, fold).await
    }

    pub async fn search(&self, id: u32, query: Query) -> Result<()> {
        self.timeline.search(id, query)
    }

    pub async fn search_stop(&self) -> Result<()> {
        self.timeline.search_stop();
        Ok(())
    }

    pub async fn search_end(&self) -> Result<()> {
        self.timeline.search_end();
        Ok(())
    }

    pub async fn hit(&self, line: u64, after: bool) -> Result<Option<Hit>> {
        Ok(self.timeline.hit(line, after))
    }

    pub async fn save_place(&self, id: u32, what: SaveContent) -> Result<String> {
        Ok(self.timeline.save_place(id, what, &self.downloads)?.display().to_string())
    }

    pub async fn save(&self, id: u32, what: SaveContent, path: String, replace: bool) -> Result<SavedFile> {
        self.timeline.save(id, what, self.path(&path), replace).await
    }

    pub async fn save_stop(&self) -> Result<()> {
        self.timeline.save_stop();
        Ok(())
    }

    pub async fn keep(&self, id: u32, kept: bool) -> Result<()> {
        if let Some(why) = self.not_kept.clone().filter(|_| kept) {
            return Err(why);
        }
        self.timeline.keep(id, kept).await
    }

    pub async fn send(&self, request: Request) -> Result<u32> {
        let (_, endpoint) = self.target.borrow().clone();
        Ok(self.timeline.send(Origin::Composer, endpoint?, request))
    }

    pub async fn run(&self, command: Command) -> Result<u32> {
        let (command, engine) = {
            let (target, _) = &*self.target.borrow();
            let mut command = target.applied_to(command);
            // What the user types is not what an extension has put in its place.
            if let Some(bin) = &mut command.bin {
                bin.first = false;
            }
            (command, target.address())
        };
        Ok(self.timeline.run(Origin::Composer, engine, command))
    }

    pub async fn repeat(&self, id: u32) -> Result<u32> {
        let engine = self.target.borrow().0.address();
        self.timeline.repeat(id, engine)
    }

    pub async fn sdk_result(&self, id: u32) -> Result<SdkResult> {
        self.timeline.sdk_result(id).await
    }

    pub async fn next_callbacks(&self, id: u32, from: u64) -> Result<Callbacks> {
        self.timeline.next_callbacks(id, from).await
    }

    pub async fn sdk_results(&self, id: u32) -> Result<Vec<SdkResult>> {
        self.timeline.sdk_results(id).await
    }

    pub async fn callbacks(&self, id: u32, runtime: Runtime, split: bool, from: u64, count: u32) -> Result<Callbacks> {
        self.timeline.callbacks(id, runtime, split, from, count.into()).await
    }

    pub async fn diagnostics(&self, id: u32) -> Result<Vec<Diagnostic>> {
        self.timeline.diagnostics(id).await
    }

    pub async fn code(&self, composed: Draft) -> Result<Vec<Form>> {
        let (mut target, endpoint) = self.target.borrow().clone();
        target.endpoint = target.endpoint.or(endpoint.ok());
        Ok(code::forms(&composed, &target))
    }

    pub async fn paste(&self, text: String) -> Result<Pasted> {
        code::paste(&text)
    }

    pub async fn cancel(&self, id: u32) -> Result<()> {
        self.timeline.cancel(id).await
    }

    pub async fn stop(&self, id: u32, signal: Signal) -> Result<()> {
        self.timeline.stop(id, signal).await
    }

    pub async fn clear(&self) -> Result<()> {
        self.timeline.clear();
        Ok(())
    }

    pub async fn set_target(&self, target: Target) -> Result<Target> {
        let typed = target.named();
        self.apply_target(&typed, endpoint_of(&typed, &self.demo));
        // What belongs to the extension that is open is gone at the next start.
        let stays = !self.extension_host.open_now().is_some_and(|open| open.has_backend());
        if stays {
            self.remembered.change(|settings| settings.target = Some(typed.clone())).await?;
        }
        // The way to a socket in a container takes a moment, in which the marks already tell of the new target.
        let target = target::reached(typed.clone(), &self.timeline.connections()).await;
        let now = self.target.borrow().0.clone();
        if now != typed {
            // Another one was set meanwhile.
            return Ok(now);
        }
        if target != typed {
            self.apply_target(&target, endpoint_of(&target, &self.demo));
            if stays {
                self.remembered.change(|settings| settings.target = Some(target.clone())).await?;
            }
        }
        Ok(target)
    }

    pub async fn read_endpoint(&self, text: String) -> Result<Endpoint> {
        text.parse()
    }

    pub async fn contexts(&self) -> Result<Vec<Context>> {
        // Engines on known sockets are pinged, and one that hangs takes a while.
        on_its_own_thread(|| Ok(EngineEnvironment::of_this_process().contexts())).await
    }

    pub async fn containers(&self, engine: Option<String>) -> Result<Vec<Container>> {
        Engine::connect(EngineEnvironment::of_this_process().resolve(engine.as_deref())?).await?.containers().await
    }

    pub async fn extensions(&self) -> Result<Vec<ContextExtensions>> {
        Ok(engine::extensions_everywhere(&EngineEnvironment::of_this_process()).await)
    }

    pub async fn split_words(&self, text: String) -> Result<Vec<String>> {
        porthole_process::split_words(&text)
    }

    pub async fn open_extension(&self, source: ExtensionSource, engine: Option<String>) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        let source = match source {
            ExtensionSource::Folder { path, image } => {
                ExtensionSource::Folder { path: self.path(path.to_string_lossy().trim()), image }
            }
            source => source,
        };
        let done = self.extension_host.open(source, engine).await;
        self.after(done)
    }

    pub async fn extension(&self) -> Result<Option<OpenExtension>> {
        Ok(self.extension_host.open_now().map(|open| OpenExtension { target: self.target.borrow().0.clone(), ..open }))
    }

    pub async fn use_native(&self, endpoint: Endpoint) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        let done = self.extension_host.use_native(endpoint).await;
        self.after(done)
    }

    pub async fn stop_backend(&self) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        let done = self.extension_host.stop().await;
        self.after(done)
    }

    pub async fn close_extension(&self) -> Result<Target> {
        self.close_page().await?;
        if let Err(error) = self.extension_host.close().await {
            // What compose said is in the timeline; its containers are gone all the same.
            tracing::warn!(%error, "an extension's backend did not go by itself");
        }
        Ok(self.aim_as_before())
    }

    pub async fn follow_logs(&self, container: String) -> Result<u32> {
        self.extension_host.follow_logs(&container).await
    }

    /// Targets what is open now, which may be the one before if opening failed.
    pub(crate) fn after(&self, done: Result<OpenExtension>) -> Result<OpenExtension> {
        let now = self.extension_host.open_now().map(|open| self.aimed_at(open));
        let closed = || Error::new(Code::ExtensionClosed, "The extension was closed");
        done.and_then(|_| now.ok_or_else(closed))
    }

    /// An extension that is open is the target, which is not remembered: it is gone at the next start. One without a
    /// backend leaves the target to the one who uses it.
    fn aimed_at(&self, mut open: OpenExtension) -> OpenExtension {
        if open.has_backend() {
            self.apply_target(&open.target, open.endpoint());
        } else {
            open.target = self.aim_as_before();
        }
        open
    }

    fn aim_as_before(&self) -> Target {
        let before = self.remembered.now().target.clone();
        let target = before.unwrap_or_else(Target::demo);
        self.apply_target(&target, endpoint_of(&target, &self.demo));
        target
    }

    /// Asks this target from now on.
    fn apply_target(&self, target: &Target, endpoint: Result<Endpoint>) {
        self.timeline.connections().use_context(target.engine.clone());
        let _before = self.target.send_replace((target.clone(), endpoint));
    }

    pub async fn open_page(
        &self,
        folder: String,
        server: Option<String>,
        built: bool,
        runtime: Runtime,
    ) -> Result<OpenedPage> {
        let from = match server {
            Some(server) => PageFrom::Server(server.parse().and_then(not_our_own)?),
            None if built => PageFrom::Built,
            None => PageFrom::Folder,
        };
        let open = self.extension_host.open_now();
        // What was unpacked from an image is in another folder each time.
        let whose = open.as_ref().map(|open| open.extension.whose());
        let facts = {
            let target = &self.target.borrow().0;
            // Where there is no backend the functions are there all the same: they say so.
            let own = open.as_ref().filter(|open| open.has_backend());
            let (container, service) = (true, own.is_none_or(|open| open.extension.socket.is_some()));
            let image = open.as_ref().map_or_else(|| target.name.clone(), |open| open.extension.image.to_string());
            PageFacts { runtime, machine: Machine::this(), image, container, service }
        };
        let (folder, before) = (self.path(folder.trim()), self.page_now());
        let image = open.and_then(|open| open.extension.image_id);
        let read = move || {
            let (mut open, opened) =
                extension::PageServer::folder(&folder, whose.as_deref(), &from, facts, before.as_deref())?;
            let content = open.read_content(image);
            Ok((open, opened, content))
        };
        let (open, opened, content) = on_its_own_thread(read).await?;
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(open));
        self.gate.set_page(Some(content));
        Ok(opened)
    }

    pub async fn run_project_step(&self, step: ProjectStep, shown: PackageCommand) -> Result<u32> {
        let page = self.page_now().ok_or_else(|| Error::new(Code::PageMissing, "No page is open"))?;
        let command = on_its_own_thread(move || page.project_command(step, &shown)).await?;
        self.run(command).await
    }

    /// The page that is open.
    pub(crate) fn page_now(&self) -> Option<Arc<extension::PageServer>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub async fn missed_files(&self) -> Result<Misses> {
        Ok(self.page_now().map_or_else(Misses::default, |open| open.missed_files()))
    }

    pub async fn separate_storage(&self) -> Result<()> {
        self.separate_page_storage().await
    }

    pub async fn close_page(&self) -> Result<()> {
        self.own_gone(PageWindowClosed::default());
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.gate.set_page(None);
        Ok(())
    }

    pub async fn open_page_window(&self, opened: OpenedPage) -> Result<()> {
        self.own.open(opened)?;
        let theme = self.remembered.now().theme;
        (self.themed)(theme);
        Ok(())
    }

    pub async fn page_window_state(&self) -> Result<Option<PageWindowState>> {
        let settings = self.remembered.get();
        Ok(self.own.shown().map(|opened| PageWindowState { opened, settings }))
    }

    pub async fn page_window_closed(&self) -> Result<PageWindowClosed> {
        Ok(self.own.gone().await)
    }

    pub async fn close_page_window(&self) -> Result<()> {
        self.own_gone(PageWindowClosed { back: true, ..PageWindowClosed::default() });
        Ok(())
    }

    /// The window that the page is in, while one is open.
    pub fn page_window(&self) -> Option<WebviewWindow> {
        let is_open = self.page.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        is_open.then(|| self.own.of_the_page()).flatten()
    }

    /// The page's own window goes, or is gone, and what the page waits for with it.
    pub fn own_gone(&self, gone: PageWindowClosed) {
        if self.own.close(gone) {
            self.end_the_pages_calls();
        }
    }

    /// Ends the page and what it waits for: the main window's web process, which it was in, is gone, or will be. The
    /// window says why when it is there again.
    pub fn page_lost(&self, why: Error) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        // One in its own window has another process, which is not lost.
        if self.own.shown().is_none() {
            *self.page.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.end_the_pages_calls();
        }
    }

    fn end_the_pages_calls(&self) {
        self.gate.withdraw(Origin::Page);
        let timeline = Arc::clone(&self.timeline);
        tauri::async_runtime::spawn(async move { timeline.end_all(Origin::Page).await });
    }

    /// A file of the page that is open; none for the client, which is Porthole's own.
    pub fn page_file(&self, host: &str, path: &str, range: Option<&str>) -> Option<extension::Answer> {
        let open = self.page.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(open) = open else { return Some(extension::Answer::nothing(404)) };
        let answer = open.answer(host, path, range);
        if answer.as_ref().is_some_and(|answer| answer.problem.is_some()) {
            self.timeline.page_missed_a_file();
        }
        answer
    }

    pub async fn save_settings(&self, settings: Settings) -> Result<()> {
        self.timeline.set_quota(settings.quota.unwrap_or(QUOTA));
        (self.themed)(settings.theme);
        // What is remembered when it is set, a page that is a moment behind must not undo.
        let change = |remembered: &mut Settings| {
            let (target, variables) = (remembered.target.take(), remembered.variables.take());
            *remembered = Settings { target, variables, ..settings };
        };
        self.remembered.change(change).await
    }

    /// A path as a person types it.
    fn path(&self, typed: &str) -> PathBuf {
        let below = typed.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
        match (below, &self.home) {
            (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
            _ => PathBuf::from(typed),
        }
    }
}

fn endpoint_of(target: &Target, demo: &Result<Endpoint>) -> Result<Endpoint> {
    target.endpoint.clone().map_or_else(|| demo.clone(), Ok)
}
