//! What was allowed: by the content of the page that is open, and for the console.

use std::{collections::HashMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use porthole_extension::{Content, ListeningProgram};
use porthole_sdk::permission::{CallKind, Permission, PermissionState, Permissions, Scope};

use super::store::{Granted, Store, Unwritten};
use porthole_sdk::call::Origin;

/// What an extension with this content may do from one start to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GrantedContent {
    /// The hash of the content.
    pub content: String,
    /// The folder or image that it was.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
}

/// All that was allowed.
#[derive(Debug)]
pub(super) struct Grants {
    store: Store,
    /// Until Porthole ends, by content.
    session: HashMap<String, Permissions>,
    page: Option<Content>,
    console_host: bool,
    console_engine: bool,
}

impl Grants {
    pub fn read(path: PathBuf) -> Self {
        let store = Store::read(path);
        Self { store, session: HashMap::new(), page: None, console_host: false, console_engine: false }
    }

    /// The page that is open from now on.
    pub fn set_page(&mut self, page: Option<Content>) {
        self.page = page;
    }

    pub fn page(&self) -> Option<&Content> {
        self.page.as_ref()
    }

    fn decided(&self) -> Option<Permissions> {
        let id = self.page.as_ref()?.known()?;
        self.session.get(id).copied().or_else(|| Some(self.store.get(id)?.permissions))
    }

    pub fn standing(&self) -> PermissionState {
        let decided = self.decided();
        PermissionState {
            page: decided.unwrap_or_default(),
            decided: decided.is_some(),
            console_host: self.console_host,
            console_engine: self.console_engine,
        }
    }

    /// What a call of this kind needs.
    pub fn permission(&self, origin: Origin, kind: CallKind) -> Permission {
        let asks = |allowed: bool| if allowed { Permission::Allow } else { Permission::Ask };
        match (origin, kind) {
            (Origin::Page, _) => self.decided().unwrap_or_default().of(kind),
            (_, CallKind::Host) => asks(self.console_host),
            (_, CallKind::Engine) => asks(self.console_engine),
            (_, CallKind::Service | CallKind::Container | CallKind::Docker) => Permission::Allow,
        }
    }

    /// What may be offered for a call of this kind.
    pub fn scopes(&self, origin: Origin, kind: CallKind) -> Vec<Scope> {
        let page = self.page.as_ref();
        match (origin, kind) {
            (Origin::Page, CallKind::Engine) => vec![Scope::Once],
            (Origin::Page, _) if page.is_some_and(|page| page.lasting && page.known().is_some()) => {
                vec![Scope::Once, Scope::Session, Scope::Always]
            }
            (Origin::Page, _) if page.is_some_and(|page| page.known().is_some()) => vec![Scope::Once, Scope::Session],
            (Origin::Page, _) => vec![Scope::Once],
            _ => vec![Scope::Once, Scope::Session],
        }
    }

    /// Notes the program that listens on the port of an extension's development server, and says whether it may be
    /// loaded: it is the one that did before, or the user accepted it.
    pub fn know_server(&mut self, name: &str, program: &ListeningProgram, accepted: bool) -> (bool, Option<Unwritten>) {
        match self.store.server(name) {
            Some(known) if known == program => (true, None),
            Some(_) if !accepted => (false, None),
            _ => (true, Some(self.store.set_server(name, program.clone()))),
        }
    }

    /// What changed in the extension since something was allowed for it always.
    pub fn changed(&self) -> Vec<String> {
        let Some(page) = &self.page else { return Vec::new() };
        let mut changed = page.watch.changed();
        if self.decided().is_none()
            && let Some(before) = self.store.last_of(&page.name)
        {
            changed.extend(page.differences(&before.parts));
        }
        changed
    }

    /// Calls of this kind are allowed from now on, as far as the scope goes.
    pub fn allow(&mut self, origin: Origin, kind: CallKind, scope: Scope) -> Option<Unwritten> {
        match (scope, origin, kind) {
            (Scope::Once, ..) => {}
            (_, Origin::Page, _) => return self.set(kind, Permission::Allow, scope == Scope::Always),
            (_, _, CallKind::Engine) => self.console_engine = true,
            _ => self.console_host = true,
        }
        None
    }

    /// Decides for the page that is open; `lasting` where its content is known whole.
    pub fn set(&mut self, kind: CallKind, permission: Permission, lasting: bool) -> Option<Unwritten> {
        let permissions = self.decided().unwrap_or_default().with(kind, permission);
        let page = self.page.as_ref()?;
        let id = page.known()?;
        if !(lasting && page.lasting) {
            self.session.insert(id.to_owned(), permissions);
            return None;
        }
        // What holds for the session alone is not made to last along with it.
        let kept = self.store.get(id).map(|granted| granted.permissions).unwrap_or_default().with(kind, permission);
        if let Some(session) = self.session.get_mut(id) {
            *session = session.with(kind, permission);
        }
        let granted = Granted { permissions: kept, name: page.name.clone(), parts: page.parts.clone(), order: 0 };
        Some(self.store.set(id, granted))
    }

    /// Forgets what was decided for the page that is open.
    pub fn reset(&mut self) -> Option<Unwritten> {
        let id = self.page.as_ref().and_then(Content::known)?.to_owned();
        self.session.remove(&id);
        self.store.remove(&id)
    }

    /// What is allowed from one start to the next.
    pub fn list(&self) -> Vec<GrantedContent> {
        let shown = |(content, granted): (&str, &Granted)| GrantedContent {
            content: content.to_owned(),
            name: granted.name.clone(),
            permissions: granted.permissions,
        };
        self.store.list().into_iter().map(shown).collect()
    }

    /// Forgets what was decided for this content, also for the session.
    pub fn revoke(&mut self, content: &str) -> Option<Unwritten> {
        self.session.remove(content);
        self.store.remove(content)
    }

    /// Forgets everything that was allowed.
    pub fn clear(&mut self) -> Unwritten {
        self.session.clear();
        self.revoke_console();
        self.store.clear()
    }

    /// The console asks again.
    pub fn revoke_console(&mut self) {
        (self.console_host, self.console_engine) = (false, false);
    }
}
