//! What the content of an open page consists of.

use super::{PageServer, Server};
use crate::{Content, Listeners, Parts};

impl PageServer {
    /// Reads its content, with the id of the image that it was unpacked from. What is served from now on is compared
    /// with it. It waits for the disk.
    pub fn read_content(&mut self, image: Option<String>) -> Content {
        let Some(page) = &self.page else { return self.served_content(None) };
        let content = Content::read(&Parts { image, page: Some(page.root()), ..self.parts() });
        if let Some(page) = &mut self.page {
            page.watch = Some(content.watch.clone());
        }
        content
    }

    /// The content of a page that comes from a development server, for which these processes listen.
    pub fn served_content(&self, listeners: Option<Listeners>) -> Content {
        let port = self.server.as_ref().map(Server::port).unwrap_or_default();
        Content::served(&self.parts(), port, listeners)
    }

    /// Whether it comes from this development server.
    pub fn is_from(&self, server: &Server) -> bool {
        self.server.as_ref() == Some(server)
    }

    /// The folder or image that tells it from another one with the same manifest.
    pub fn whose(&self) -> &str {
        &self.whose
    }

    fn parts(&self) -> Parts<'_> {
        Parts { name: self.whose.clone(), image: None, root: &self.root, files: self.files.clone(), page: None }
    }
}
