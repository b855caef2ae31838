//! The page of an extension: where it is loaded from, what it may reach, and its end.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
};

use crate::page_window::PageWindowClosed;
use porthole_base::error::{Code, Error, Result};
use porthole_engine::this_machine::Machine;
use porthole_extension::{
    Answer, Misses, OpenExtension, OpenedPage, PackageCommand, PageFacts, PageFrom, PageServer, ProjectStep, Server,
};
use porthole_sdk::runtime::Runtime;
use porthole_timeline::Origin;

use crate::{application::Application, blocking::blocking, host::Host};

/// What the frames of the open page may show of this machine.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct PageAccess {
    /// Its development server.
    pub server: Option<Server>,
    /// The ports that its backend publishes.
    pub ports: BTreeSet<u16>,
}

impl<H: Host> Application<H> {
    pub async fn open_page(
        &self,
        folder: String,
        server: Option<String>,
        built: bool,
        runtime: Runtime,
    ) -> Result<OpenedPage> {
        let from = self.page_from(server, built)?;
        let open = self.extension_host.open_now();
        // What was unpacked from an image is in another folder each time.
        let whose = open.as_ref().map(|open| open.extension.whose());
        let facts = self.page_facts(open.as_ref(), runtime);
        let (folder, before) = (self.path(folder.trim()), self.page_now());
        let image = open.and_then(|open| open.extension.image_id);
        let read = move || {
            let (mut open, opened) = PageServer::folder(&folder, whose.as_deref(), &from, facts, before.as_deref())?;
            let content = open.read_content(image);
            Ok((open, opened, content))
        };
        let (open, opened, content) = blocking(read).await?;
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(open));
        self.gate.set_page(Some(content));
        Ok(opened)
    }

    fn page_from(&self, server: Option<String>, built: bool) -> Result<PageFrom> {
        Ok(match server {
            Some(server) => {
                let server: Server = server.parse()?;
                self.host.check_page_server(&server)?;
                PageFrom::Server(server)
            }
            None if built => PageFrom::Built,
            None => PageFrom::Folder,
        })
    }

    fn page_facts(&self, open: Option<&OpenExtension>, runtime: Runtime) -> PageFacts {
        let target = &self.target.borrow().0;
        // Where there is no backend the functions are there all the same: they say so.
        let own = open.filter(|open| open.has_backend());
        let (container, service) = (true, own.is_none_or(|open| open.extension.socket.is_some()));
        let image = open.map_or_else(|| target.name.clone(), |open| open.extension.image.to_string());
        PageFacts { runtime, machine: Machine::this(), image, container, service }
    }

    pub async fn run_project_step(&self, step: ProjectStep, shown: PackageCommand) -> Result<u32> {
        let page = self.page_now().ok_or_else(|| Error::new(Code::PageMissing, "No page is open"))?;
        let command = blocking(move || page.project_command(step, &shown)).await?;
        self.run_on_machine(command)
    }

    /// The page that is open.
    pub(crate) fn page_now(&self) -> Option<Arc<PageServer>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub async fn missed_files(&self) -> Result<Misses> {
        Ok(self.page_now().map_or_else(Misses::default, |open| open.missed_files()))
    }

    /// A file of the page that is open; none for the client, which is the host's own.
    pub fn page_file(&self, host: &str, path: &str, range: Option<&str>) -> Option<Answer> {
        let Some(open) = self.page_now() else { return Some(Answer::nothing(404)) };
        let answer = open.answer(host, path, range);
        if answer.as_ref().is_some_and(|answer| answer.problem.is_some()) {
            self.timeline.page_missed_a_file();
        }
        answer
    }

    /// What the frames of the open page may show of this machine.
    pub fn page_access(&self) -> PageAccess {
        let page = self.page_now();
        let ports = self.extension_host.open_now().map(|open| open.ports()).unwrap_or_default();
        match page {
            Some(page) => PageAccess { server: page.server().cloned(), ports },
            None => PageAccess::default(),
        }
    }

    /// A frame loads from the page's development server: who listens there is looked at again.
    pub fn page_loads(&self) {
        self.gate.page_loads();
    }

    pub async fn close_page(&self) -> Result<()> {
        self.page_window_gone(PageWindowClosed::default());
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.gate.set_page(None);
        Ok(())
    }

    /// The process that drew the host's main window is gone, or will be, and a page in that window with it: its pending
    /// calls are withdrawn and its runs ended. The window shows `why` when it is loaded again.
    pub fn page_lost(&self, why: Error) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        // A page in its own window has another process, which is not lost.
        if self.page_window.shown().is_none() {
            *self.page.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.end_the_pages_calls();
        }
    }

    pub(crate) fn end_the_pages_calls(&self) {
        self.gate.withdraw(Origin::Page);
        let timeline = Arc::clone(&self.timeline);
        self.runtime.spawn(async move { timeline.end_all(Origin::Page).await });
    }

    /// Removes what another extension's page, or that of another development server, has stored. To be called when that
    /// page's frame is gone and before the next one is loaded.
    ///
    /// # Errors
    /// `window_lost` when it can't be removed: the page must not be shown then.
    pub async fn separate_storage(&self) -> Result<()> {
        let owner = self.page_now().map(|page| page.storage_owner());
        let mut now = self.storage_owner.lock().await;
        if now.is_some() && *now != owner {
            self.host.clear_page_storage().await?;
        }
        *now = owner;
        Ok(())
    }
}
