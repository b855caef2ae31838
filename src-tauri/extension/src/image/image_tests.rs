use std::fs;

use proptest::prelude::*;
use tar::EntryType;

use super::{
    fixture::{
        Home, Image,
        Thing::{self, Folder, Hard, Link, Special},
        append, file, image, take,
    },
    *,
};
use crate::read;

/// On Windows an engine was asked for `ui\\index.html`, which it doesn't have.
#[test]
fn an_engine_is_asked_for_paths_with_slashes_on_every_system() {
    assert_eq!(name_in_image(&Path::new("ui").join("index.html")).as_deref(), Some("ui/index.html"));
}

/// Takes paths out of an image, and says what was left out.
fn taken(home: &Home, image: &Image, wanted: &[&str]) -> Vec<(String, &'static str)> {
    let mut tree = home.tree(LIMITS);
    take(&mut tree, image, wanted).unwrap();
    home.check();
    tree.left_out().0.iter().map(|left| (with_slashes(&left.path), left.why)).collect()
}

#[test]
fn a_link_between_the_paths_of_a_manifest_leads_nowhere() {
    let home = Home::new();
    let image = image(&[
        ("a", Link("../../../..".into())),
        (".bashrc", file("evil")),
        (".config/autostart/x.desktop", file("evil")),
        ("bin/su", Thing::File(b"evil".to_vec(), 0o6755)),
    ]);
    let left = taken(&home, &image, &["a", "a/.bashrc", "a/.config/autostart/x.desktop", "bin/su"]);
    assert_eq!(left, [("a".to_owned(), "it's the root of the whole image")]);
    assert_eq!((home.text("a/.bashrc"), home.text("a/.config/autostart/x.desktop")), ("evil".into(), "evil".into()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(home.folder().join("bin/su")).unwrap().permissions().mode() & 0o7777, 0o755);
    }
}

#[test]
fn links_inside_the_image_are_followed_and_none_is_made() {
    let home = Home::new();
    let image = image(&[
        ("ui", Link("/srv/current".into())),
        ("srv/current", Link("../build/v2".into())),
        ("build/v2/index.html", Link("../../shared/page.html".into())),
        ("build/v2/app.js", file("app")),
        ("build/v2/assets", Link("/shared/assets".into())),
        ("build/v2/same.js", Link("app.js".into())),
        ("build/v2/up", Link("../../../../shared/page.html".into())),
        ("shared/page.html", file("page")),
        ("shared/assets/a.css", file("css")),
        ("shared/assets/b.css", Hard("assets/a.css".into())),
        ("icon.svg", Link("icons/./../icons/x.svg".into())),
        ("icons/x.svg", file("icon")),
        ("tool", Link("/bin/busybox".into())),
        ("bin/busybox", Thing::File(b"tool".to_vec(), 0o755)),
    ]);
    assert_eq!(taken(&home, &image, &["ui", "icon.svg", "tool"]), []);
    for (path, text) in [
        ("ui/index.html", "page"),
        ("ui/app.js", "app"),
        ("ui/assets/a.css", "css"),
        ("ui/assets/b.css", "css"),
        ("ui/same.js", "app"),
        ("ui/up", "page"),
        ("icon.svg", "icon"),
        ("tool", "tool"),
    ] {
        assert_eq!(home.text(path), text, "{path}");
    }
}

#[test]
fn links_to_nothing_in_a_loop_or_out_are_left_out_and_the_rest_is_taken() {
    let home = Home::new();
    let mut things = vec![
        ("ui/index.html".to_owned(), file("page")),
        ("ui/gone".to_owned(), Link("nothing".into())),
        ("ui/loop".to_owned(), Link("loop".into())),
        ("ui/ping".to_owned(), Link("pong".into())),
        ("ui/pong".to_owned(), Link("ping".into())),
        ("ui/self".to_owned(), Link(".".into())),
        ("ui/up".to_owned(), Link("..".into())),
        ("ui/root".to_owned(), Link("/".into())),
        ("ui/hard".to_owned(), Hard("../../../../.bashrc".into())),
        ("ui/absolute".to_owned(), Hard("/etc/passwd".into())),
        ("ui/fine/deep".to_owned(), file("fine")),
    ];
    things.extend((0..50).map(|n| (format!("ui/chain{n:02}"), Link(format!("chain{:02}", n + 1)))));
    things.push(("ui/chain50".to_owned(), file("end")));
    let things: Vec<(&str, Thing)> = things.iter().map(|(path, thing)| (path.as_str(), thing.clone())).collect();
    let mut tree = home.tree(LIMITS);
    take(&mut tree, &image(&things), &["ui"]).unwrap();
    home.check();
    assert_eq!((home.text("ui/index.html"), home.text("ui/fine/deep")), ("page".into(), "fine".into()));
    let (left, more) = tree.left_out();
    let why = |path: &str| left.iter().find(|left| left.path == Path::new(path)).map_or("", |left| left.why);
    for (path, words) in [
        ("ui/gone", "a link to nothing"),
        ("ui/loop", "loop"),
        ("ui/ping", "loop"),
        ("ui/chain00", "too many links"),
        ("ui/self", "a folder that it is in"),
        ("ui/up", "root of the whole image"),
        ("ui/root", "root of the whole image"),
        ("ui/hard", "leads out"),
        ("ui/absolute", "leads out"),
    ] {
        assert!(why(path).contains(words), "{path}: {:?} in {left:?}", why(path));
    }
    assert_eq!((left.len(), more, home.text("ui/chain10")), (19, 0, "end".into()));
}

#[test]
fn what_is_no_file_is_left_out() {
    let home = Home::new();
    let image = image(&[
        ("ui/index.html", file("page")),
        ("ui/pipe", Special(EntryType::Fifo)),
        ("ui/zero", Special(EntryType::Char)),
        ("ui/disk", Special(EntryType::Block)),
        ("ui/sparse", Special(EntryType::GNUSparse)),
        ("ui/odd", Special(EntryType::new(b'Q'))),
        ("ui/to-pipe", Link("pipe".into())),
    ]);
    let left: Vec<String> = taken(&home, &image, &["ui"]).into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, ["ui/disk", "ui/odd", "ui/pipe", "ui/sparse", "ui/zero", "ui/to-pipe"]);
    assert_eq!(home.text("ui/index.html"), "page");
}

/// Feeds one archive of a path as it stands.
fn fed(home: &Home, limits: Limits, entries: &[(&str, Thing)]) -> (Tree, Result<()>) {
    let mut tar = Vec::new();
    for (path, thing) in entries {
        append(&mut tar, path, thing);
    }
    let mut tree = home.tree(limits);
    tree.want(Path::new("ui"));
    let path = tree.next().unwrap();
    tree.begin(&path);
    let fed = TarStream::default().feed(&tar, &mut tree);
    let done = fed.and_then(|()| {
        // What it leads to is not there.
        while let Some(path) = tree.next() {
            tree.begin(&path);
        }
        tree.write_links([Path::new("ui")])
    });
    home.check();
    (tree, done)
}

#[test]
fn an_archive_that_lies_about_its_paths_writes_nothing_outside() {
    for entries in [
        vec![("ui/x", Link("../../../..".into())), ("ui/x/.bashrc", file("evil"))],
        vec![("ui/x", Link("/".into())), ("ui/x", Folder), ("ui/x/.bashrc", file("evil"))],
        vec![("ui", Link("..".into())), ("ui/.bashrc", file("evil"))],
        vec![("../../.bashrc", file("evil"))],
        vec![("ui/../../../.bashrc", file("evil"))],
        vec![("/etc/evil", file("evil"))],
        vec![("..", file("evil")), ("", file("evil")), ("/", file("evil")), (".", file("evil"))],
        vec![("ui/x", Hard("ui/../../../.bashrc".into())), ("ui/x", file("evil"))],
        vec![("ui/x", file("one")), ("ui/x/.bashrc", file("evil"))],
        vec![("ui/x/y", file("one")), ("ui/x", file("evil")), ("ui/x", Link("../..".into()))],
        vec![("ui/x", Link("y".into())), ("ui/y", Link("x".into())), ("ui/x", file("x"))],
        vec![("ui/a", Link("../../../.bashrc".into())), ("ui/a", Hard("ui/a".into()))],
    ] {
        let home = Home::new();
        let (_, done) = fed(&home, LIMITS, &entries);
        assert!(done.is_ok(), "{entries:?}: {done:?}");
    }
}

#[test]
fn what_comes_twice_is_there_once_and_names_may_differ_in_case() {
    let home = Home::new();
    let entries = [
        ("ui/x", file("first")),
        ("ui/x", file("second")),
        ("ui/X", file("upper")),
        ("ui/l", file("file")),
        ("ui/l", Link("x".into())),
    ];
    fed(&home, LIMITS, &entries).1.unwrap();
    assert_eq!((home.text("ui/x"), home.text("ui/l")), ("second".into(), "second".into()));
    if cfg!(target_os = "linux") {
        assert_eq!(home.text("ui/X"), "upper");
    }
}

#[test]
fn bytes_written_are_limited_copies_and_claims_included() {
    let limits = Limits { bytes: 1000, ..LIMITS };
    let kilobyte = |n: usize| Thing::File(vec![b'x'; n], 0o644);
    let home = Home::new();
    assert_eq!(fed(&home, limits, &[("ui/x", kilobyte(1000))]).1, Ok(()));
    let (_, done) = fed(&Home::new(), limits, &[("ui/x", kilobyte(600)), ("ui/y", kilobyte(600))]);
    let error = done.unwrap_err();
    assert_eq!(error.code, Code::ImageTooLarge);
    assert!(error.message.contains("1,000 bytes"), "{error:?}");
    // Small in the archive and large here.
    let copies = [("ui/x", kilobyte(400)), ("ui/y", Link("x".into())), ("ui/z", Link("x".into()))];
    assert_eq!(fed(&Home::new(), limits, &copies).1.unwrap_err().code, Code::ImageTooLarge);
    // A size that is only claimed is refused before a byte of it comes.
    let mut header = tar::Header::new_gnu();
    header.set_path("ui/x").unwrap();
    header.set_size(1 << 50);
    header.set_cksum();
    let home = Home::new();
    let mut tree = home.tree(LIMITS);
    tree.begin(Path::new("ui"));
    let error = TarStream::default().feed(header.as_bytes(), &mut tree).unwrap_err();
    assert_eq!((error.code, home.check()), (Code::ImageTooLarge, (0, 0)));
}

// A folder that was removed while it is open is gone only on Unix.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_is_no_file_that_the_user_chose() {
    let folder = tempfile::tempdir().unwrap();
    let dir = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
    drop(folder);
    let mut tar = Vec::new();
    append(&mut tar, "ui/x", &file("x"));
    let mut tree = Tree::new(dir, LIMITS);
    tree.begin(Path::new("ui"));
    assert_eq!(TarStream::default().feed(&tar, &mut tree).unwrap_err().code, Code::UnpackFailed);
}

#[test]
fn a_million_entries_are_cut_off_whatever_they_are() {
    for thing in [file(""), Link("nothing".into()), Hard("ui/x".into()), Special(EntryType::Fifo)] {
        let home = Home::new();
        let mut tree = home.tree(Limits { entries: 2000, ..LIMITS });
        tree.begin(Path::new("ui"));
        let (mut stream, mut fed) = (TarStream::default(), 0);
        let error = loop {
            let mut tar = Vec::new();
            append(&mut tar, &format!("ui/{fed}"), &thing);
            match stream.feed(&tar, &mut tree) {
                Ok(()) => fed += 1,
                Err(error) => break error,
            }
            assert!(fed < 1_000_000, "{thing:?}");
        };
        assert_eq!(error.code, Code::ImageTooLarge);
        assert!(error.message.contains("2,000 files"), "{error:?}");
        assert!(fed <= 2000 && home.check().1 <= 2001);
    }
}

#[test]
fn links_that_double_with_each_folder_are_cut_off() {
    let mut things = vec![("ui/29/x".to_owned(), file("x"))];
    for n in 0..29 {
        things.push((format!("ui/{n}/l"), Link(format!("../{}", n + 1))));
        things.push((format!("ui/{n}/r"), Link(format!("../{}", n + 1))));
    }
    let things: Vec<(&str, Thing)> = things.iter().map(|(path, thing)| (path.as_str(), thing.clone())).collect();
    let home = Home::new();
    let mut tree = home.tree(Limits { entries: 3000, ..LIMITS });
    let error = take(&mut tree, &image(&things), &["ui"]).unwrap_err();
    assert_eq!(error.code, Code::ImageTooLarge);
    assert!(home.check().1 <= 3001);
}

#[test]
fn copies_that_are_left_out_for_their_paths_are_counted_and_not_kept() {
    let mut things: Vec<(String, Thing)> = (10..60).map(|n| (format!("ui/a/f{n}"), file("x"))).collect();
    // Each link is a copy of a folder, every file of which has a path that is too long.
    things.extend((10..70).map(|n| (format!("ui/{n}/{}/l", "p".repeat(20)), Link("/ui/a".into()))));
    let things: Vec<(&str, Thing)> = things.iter().map(|(path, thing)| (path.as_str(), thing.clone())).collect();
    let home = Home::new();
    let mut tree = home.tree(Limits { entries: 1000, path: 28, ..LIMITS });
    let error = take(&mut tree, &image(&things), &["ui"]).unwrap_err();
    assert_eq!(error.code, Code::ImageTooLarge);
    home.check();
    for n in 0..5000 {
        tree.leave(format!("ui/{n}").into(), "it's one of many");
    }
    assert!(tree.kept_paths() <= 1000);
    let (named, more) = tree.left_out();
    assert!(named.len() == 20 && more >= 4980);
}

#[test]
fn depth_names_and_paths_have_limits_that_are_said() {
    let home = Home::new();
    let deep = format!("ui/{}x", "d/".repeat(64));
    let long = format!("ui/{}", "n".repeat(256));
    let path = format!("ui/{}x", format!("{}/", "p".repeat(200)).repeat(6));
    let entries = [("ui/fine", file("fine")), (&*deep, file("")), (&*long, file("")), (&*path, file(""))];
    let (tree, done) = fed(&home, LIMITS, &entries);
    done.unwrap();
    let whys: Vec<&str> = tree.left_out().0.iter().map(|left| left.why).collect();
    assert_eq!(whys, ["it's nested too deeply", "its name is too long", "its path is too long"]);
    assert_eq!(home.text("ui/fine"), "fine");
    let (_, done) = fed(&Home::new(), Limits { names: 100, ..LIMITS }, &[("ui/x", file("")), (&deep[..100], file(""))]);
    assert!(done.unwrap_err().message.contains("100 bytes in total"));
}

#[test]
fn links_ask_an_engine_for_so_many_paths_and_no_more() {
    let mut things = vec![("ui/index.html".to_owned(), file("page"))];
    things.extend((0..30).map(|n| (format!("ui/l{n}"), Link(format!("/o{n}/x")))));
    things.extend((0..30).map(|n| (format!("o{n}/x"), file("x"))));
    let things: Vec<(&str, Thing)> = things.iter().map(|(path, thing)| (path.as_str(), thing.clone())).collect();
    let home = Home::new();
    let mut tree = home.tree(Limits { fetches: 5, ..LIMITS });
    take(&mut tree, &image(&things), &["ui"]).unwrap();
    home.check();
    assert!(tree.left_out().0.iter().all(|left| left.why == "the image has too many paths and links"));
    assert_eq!(tree.left_out().0.len() + usize::try_from(tree.left_out().1).unwrap(), 26);
}

#[test]
fn paths_of_a_manifest_are_named_with_their_places() {
    let text = r#"{"icon": "/i.svg", "ui": {"dashboard-tab": {"root": "/ui"}}, "vm": {"composefile": "c/compose.yaml"},
        "host": {"binaries": [{"linux": [{"path": "/t"}, {"path": "../../out"}, {"path": "/"}]}]}}"#;
    let wants = named(&read(text).unwrap().0);
    let shown: Vec<_> = wants.iter().map(|want| (want.path.to_str().unwrap(), want.key)).collect();
    assert_eq!(
        shown,
        [("i.svg", "icon"), ("ui", "ui.dashboard-tab.root"), ("c", "vm.composefile"), ("t", "host.binaries")]
    );
    assert!(wants.iter().all(|want| text[want.at..].starts_with('"')));
}

fn part() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("a"), Just("b"), Just("A"), Just("ui"), Just(".."), Just("."), Just(""), Just(".bashrc")]
}

fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec(part(), 1..5).prop_map(|parts| parts.join("/"))
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        Just(Folder),
        (0..700usize, 0..0o10000u32).prop_map(|(size, mode)| Thing::File(vec![b'x'; size], mode)),
        path().prop_map(Link),
        path().prop_map(Hard),
        (b'0'..=b'9').prop_map(|kind| Special(EntryType::new(kind))),
    ]
}

const SMALL: Limits = Limits { bytes: 3000, entries: 40, depth: 6, links: 5, fetches: 6, ..LIMITS };

proptest! {
    #[test]
    fn no_archive_writes_outside_or_past_its_limits(
        entries in proptest::collection::vec((path(), thing()), 0..25),
        wanted in proptest::collection::vec(path(), 1..4),
        spoiled in proptest::option::of((any::<u16>(), any::<u8>())),
    ) {
        let home = Home::new();
        let mut tar = Vec::new();
        for (path, thing) in &entries {
            append(&mut tar, path, thing);
        }
        if let (Some((at, with)), false) = (spoiled, tar.is_empty()) {
            let at = usize::from(at) % tar.len();
            tar[at] = with;
        }
        let mut tree = home.tree(SMALL);
        let wanted: Vec<PathBuf> = wanted.iter().filter_map(below).collect();
        for path in &wanted {
            tree.want(path);
        }
        // The same archive whatever is asked for: an engine may be hostile too.
        let mut done = Ok(());
        while let (true, Some(path)) = (done.is_ok(), tree.next()) {
            tree.begin(&path);
            done = TarStream::default().feed(&tar, &mut tree);
        }
        let _ = done.and_then(|()| tree.write_links(wanted.iter().map(PathBuf::as_path)));
        let (bytes, written) = home.check();
        prop_assert!(bytes <= SMALL.bytes && written <= SMALL.entries, "{bytes} {written}");
    }

    #[test]
    fn an_image_in_order_is_taken_as_its_links_say(
        things in proptest::collection::btree_map("(ui|b)/[abc]", prop_oneof![
            Just(file("text")),
            "(\\.\\./|/|)(ui/|b/|)[abc]".prop_map(Link),
        ], 1..6),
    ) {
        let things: Vec<(&str, Thing)> = things.iter().map(|(path, thing)| (path.as_str(), thing.clone())).collect();
        let image = image(&things);
        let home = Home::new();
        taken(&home, &image, &["ui"]);
        for (path, _) in things.iter().filter(|(path, _)| path.starts_with("ui/")) {
            // Followed by hand: names are two parts, so a link is one of three forms.
            let mut at = (*path).to_owned();
            let text = (0..10).find_map(|_| match image.0.get(&at) {
                Some(Thing::File(..)) => Some("text"),
                Some(Link(target)) => {
                    at = match (target.strip_prefix('/'), target.strip_prefix("../")) {
                        (Some(target), _) | (None, Some(target)) => target.to_owned(),
                        _ => format!("{}/{target}", &at[..at.find('/').unwrap()]),
                    };
                    None
                }
                _ => Some(""),
            });
            let found = fs::read_to_string(home.folder().join(path)).unwrap_or_default();
            prop_assert_eq!(found, text.unwrap_or_default(), "{}", path);
        }
    }
}
