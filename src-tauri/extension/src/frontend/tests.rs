use std::fs;

use proptest::prelude::*;

use super::{html::sign, *};
use crate::ExtensionRoot;

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn source(folder: &tempfile::TempDir, root: &str, src: &str) -> Option<SourcePage> {
    source_page(&ExtensionRoot::open(folder.path()).unwrap(), root, src)
}

/// The address of the development server of a project with these files in `ui`, and what says so.
fn server(files: &[(&str, &str)]) -> (String, String) {
    let page = ("index.html", "<script type=module src=/src/main.tsx></script>");
    let files: Vec<_> = files.iter().chain([&page]).map(|(path, text)| (format!("ui/{path}"), *text)).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let found = source(&project(&files), "/ui", "index.html").unwrap().project.unwrap().server.unwrap();
    (found.url, found.from)
}

const VITE: &str = "<!doctype html><div id=\"root\"></div><script type=\"module\" src=\"/src/main.tsx\"></script>";

#[test]
fn sources_are_told_from_built_pages() {
    for (html, found) in [
        (VITE, "src=\"/src/main.tsx\""),
        ("<SCRIPT SRC='./index.jsx?t=1'></SCRIPT>", "src=\"./index.jsx?t=1\""),
        ("<script defer src=main.ts></script>", "src=\"main.ts\""),
        ("<link rel=\"icon\" href=\"%PUBLIC_URL%/favicon.ico\">", "%PUBLIC_URL%"),
        ("<title>%VITE_TITLE%</title>", "%VITE_TITLE%"),
        ("<link href=\"<%= BASE_URL %>favicon.ico\">", "<%= BASE_URL %>"),
        ("<script type=module>\nimport './src/main.ts'\n</script>", "import \"./src/main.ts\""),
        ("<script>import App from \"/src/App.vue\"; App()</script>", "import \"/src/App.vue\""),
    ] {
        assert_eq!(sign(html, false).as_deref(), Some(found), "{html}");
    }
    for html in [
        "<script type=\"module\" crossorigin src=\"./assets/index-1a2b.js\"></script>",
        "<script src=\"src/main.js\"></script>",
        "<p>Add <code>src=\"/src/main.tsx\"</code></p><script src=app.js></script>",
        "<!-- <script src=\"/src/main.tsx\"></script> --><script src=\"app.js\"></script>",
        "<script src=\"https://example.org/main.tsx\"></script>",
        "<script>const ts = 'a.tsx'</script><p>100% of %HOME% </p>",
        "<h1>Plain</h1>",
        "",
    ] {
        assert_eq!(sign(html, false), None, "{html}");
    }
    // Where a build would change it.
    assert_eq!(sign("<script type=module src=/src/main.js></script>", true).unwrap(), "src=\"/src/main.js\"");
    assert!(sign("<app-root></app-root>", true).unwrap().contains("no script"));
    assert_eq!(sign("<script src=main.js></script>", true), None);
}

#[test]
fn the_port_of_a_development_server_is_read_and_nothing_is_executed() {
    let at = |url: &str, from: &str| (url.to_owned(), from.to_owned());
    let vite = ("package.json", r#"{"scripts":{"dev":"vite"}}"#);
    for (files, expected) in [
        (vec![vite], at("http://localhost:5173", "the default of Vite")),
        (
            vec![
                vite,
                (
                    "vite.config.ts",
                    "export default defineConfig({ base: './', server: { port: 3000, strictPort: true } })",
                ),
            ],
            at("http://localhost:3000", "vite.config.ts"),
        ),
        (
            vec![
                vite,
                (
                    "vite.config.js",
                    "export default { // server: { port: 1 }\n preview: { port: 2 }, 'server': { hmr: { port: 4 }, host: \"{\", port: 3003 } }",
                ),
            ],
            at("http://localhost:3003", "vite.config.js"),
        ),
        (
            vec![
                vite,
                (
                    "vite.config.mts",
                    "export default { server: { https: { key: '' }, port: Number(process.env.DEV_PORT) || 3100 } }",
                ),
            ],
            at("https://localhost:3100", "vite.config.mts"),
        ),
        (
            vec![
                vite,
                ("vite.config.ts", "export default { server: { port: +env['DEV_PORT'] } }"),
                (".env", "# the port\nexport DEV_PORT=\"3200\"\n"),
            ],
            at("http://localhost:3200", "vite.config.ts and .env"),
        ),
        // What isn't a literal isn't known.
        (
            vec![vite, ("vite.config.ts", "export default { server: { port: ports.ui } }")],
            at("http://localhost:5173", "the default of Vite"),
        ),
        (
            vec![
                (
                    "package.json",
                    r#"{"scripts":{"build":"vite build","dev":"cross-env NODE_ENV=development vite --port=3300 --host"}}"#,
                ),
                ("vite.config.ts", "export default { server: { port: 1 } }"),
            ],
            at("http://localhost:3300", "package.json, script dev"),
        ),
        (
            vec![("package.json", r#"{"scripts":{"start":"PORT=3001 HTTPS=true react-scripts start"}}"#)],
            at("https://localhost:3001", "package.json, script start"),
        ),
        (
            vec![("package.json", r#"{"scripts":{"start":"react-scripts start"}}"#)],
            at("http://localhost:3000", "the default of Create React App"),
        ),
        (
            vec![
                ("package.json", r#"{"scripts":{"start":"craco start"}}"#),
                (".env", "PORT=1\n"),
                (".env.local", "BROWSER=none\nPORT = 3005\n"),
            ],
            at("http://localhost:3005", ".env.local"),
        ),
        (
            vec![
                ("package.json", r#"{"scripts":{"start":"ng serve"}}"#),
                (
                    "angular.json",
                    r#"{ /* the ui */ "projects": {"ui": {"architect": {"serve": {"options": {"port": 4300, "ssl": true}}}}}}"#,
                ),
            ],
            at("https://localhost:4300", "angular.json"),
        ),
        (
            vec![("package.json", r#"{"scripts":{"start":"ng serve --port 4400"}}"#)],
            at("http://localhost:4400", "package.json, script start"),
        ),
        (
            vec![
                ("package.json", r#"{"scripts":{"serve":"vue-cli-service serve"}}"#),
                ("vue.config.js", "module.exports = { devServer: { port: 8090 } }"),
            ],
            at("http://localhost:8090", "vue.config.js"),
        ),
        (
            vec![
                ("package.json", r#"{"scripts":{"dev":"concurrently \"tsc -w\" \"webpack serve\""}}"#),
                ("webpack.config.js", "module.exports = {devServer:{port:9000}}"),
            ],
            at("http://localhost:9000", "webpack.config.js"),
        ),
        // A script of the author's own, as it starts esbuild.
        (
            vec![
                ("package.json", r#"{"scripts":{"dev":"node ./scripts/dev.mjs"}}"#),
                (
                    "scripts/dev.mjs",
                    "const report = 1; if (port == 2) {}\nconst port = Number(process.env.PORT ?? 3456);",
                ),
            ],
            at("http://localhost:3456", "./scripts/dev.mjs"),
        ),
        (
            vec![("package.json", r#"{"scripts":{"start":"PORT=3457 node dev.mjs"}}"#)],
            at("http://localhost:3457", "package.json, script start"),
        ),
        (
            vec![("package.json", r#"{"devDependencies":{"vite":"5"}}"#)],
            at("http://localhost:5173", "the default of Vite"),
        ),
    ] {
        assert_eq!(server(&files), expected, "{files:?}");
    }
}

#[test]
fn a_source_page_names_its_project_and_the_folder_that_the_dockerfile_copies() {
    let dockerfile = "FROM node AS client-builder\nWORKDIR /ui\nCOPY ui /ui\nRUN npm run build\nFROM scratch\nCOPY --from=client-builder /ui/build ui\n";
    let vite = "export default defineConfig({ build: { outDir: 'build' }, server: { port: 3000 } })";
    let package = r#"{"scripts":{"dev":"vite","prebuild":"tsc","build":"vite build","postbuild":"echo done"}}"#;
    let folder = project(&[
        ("Dockerfile", dockerfile),
        ("ui/index.html", VITE),
        ("ui/package.json", package),
        ("ui/pnpm-lock.yaml", ""),
        ("ui/vite.config.ts", vite),
    ]);
    let found = source(&folder, "ui", "index.html").unwrap();
    assert_eq!((found.file.as_str(), found.sign.as_deref()), ("ui/index.html", Some("src=\"/src/main.tsx\"")));
    let built = found.built.unwrap();
    assert_eq!((built.folder.as_str(), built.exists, built.line), ("ui/build", false, Some(6)));
    assert_eq!(built.by.unwrap(), "COPY --from=client-builder /ui/build ui");
    let found = found.project.unwrap();
    assert_eq!((found.folder.as_str(), found.tool.as_deref()), ("ui", Some("Vite")));
    let build = found.build.unwrap();
    assert_eq!(
        (build.command.program.as_str(), build.command.args),
        ("pnpm", vec!["run".to_owned(), "build".to_owned()])
    );
    let cwd = dunce::canonicalize(folder.path()).unwrap().join("ui");
    assert_eq!(build.command.cwd.unwrap(), cwd.display().to_string());
    let scripts: Vec<_> = build.scripts.iter().map(|script| (script.name.as_str(), script.text.as_str())).collect();
    assert_eq!(scripts, [("prebuild", "tsc"), ("build", "vite build"), ("postbuild", "echo done")]);
    assert_eq!(found.install.unwrap().command.args, ["install"]);
    assert_eq!(found.server.unwrap().start.unwrap().command.args, ["run", "dev"]);

    // It is built by now.
    fs::create_dir_all(folder.path().join("ui/build")).unwrap();
    fs::create_dir_all(folder.path().join("ui/node_modules")).unwrap();
    fs::write(folder.path().join("ui/build/index.html"), "<script src=assets/index.js></script>").unwrap();
    let found = source(&folder, "/ui", "/index.html").unwrap();
    assert!(found.built.unwrap().exists);
    assert!(found.project.unwrap().install.is_none());
    let root = ExtensionRoot::open(folder.path()).unwrap();
    assert_eq!(built_folder(&root, "/ui", "index.html").as_deref(), Some("ui/build"));
}

#[test]
fn a_page_that_is_not_there_is_a_source_where_a_project_can_build_it() {
    let package = r#"{"scripts":{"start":"react-scripts start","build":"react-scripts build"}}"#;
    let files = [
        ("Dockerfile", "FROM scratch\nCOPY client/build ui\n"),
        ("client/package.json", package),
        ("client/public/index.html", "<title>%PUBLIC_URL%</title>"),
    ];
    let found = source(&project(&files), "ui", "index.html").unwrap();
    assert_eq!((found.sign, found.file.as_str()), (None, "ui/index.html"));
    let built = found.built.unwrap();
    assert_eq!((built.folder.as_str(), built.exists, built.line), ("client/build", false, Some(2)));
    assert_eq!(found.project.unwrap().tool.as_deref(), Some("Create React App"));
    // Without a project it is just missing, and a page that runs is no source.
    assert_eq!(source(&project(&[("metadata.json", "{}")]), "ui", "index.html"), None);
    let plain = [("ui/index.html", "<script src=app.js></script>"), ("package.json", package)];
    assert_eq!(source(&project(&plain), "ui", "index.html"), None);
}

#[test]
fn a_source_of_angular_and_one_of_vue_without_typescript_are_recognized() {
    let angular = [
        ("ui/package.json", r#"{"scripts":{"start":"ng serve","build":"ng build"}}"#),
        ("ui/angular.json", r#"{"projects":{"ui":{"architect":{"build":{"options":{"outputPath":"dist/ui"}}}}}}"#),
        ("ui/src/index.html", "<!doctype html><base href=\"/\"><app-root></app-root>"),
        (
            "Dockerfile",
            "FROM node AS b\nCOPY ui .\nRUN npm run build\nFROM scratch\nCOPY --from=b dist/ui/browser /ui\n",
        ),
    ];
    let found = source(&project(&angular), "ui/src", "index.html").unwrap();
    assert_eq!(found.project.unwrap().server.unwrap().url, "http://localhost:4200");
    let vue = [
        ("ui/package.json", r#"{"scripts":{"dev":"vite","build":"vite build"}}"#),
        ("ui/index.html", "<div id=app></div><script type=module src=/src/main.js></script>"),
    ];
    let found = source(&project(&vue), "ui", "index.html").unwrap();
    let built = found.built.unwrap();
    assert_eq!((built.folder.as_str(), built.exists, built.by), ("ui/dist", false, None));
}

#[cfg(unix)]
#[test]
fn files_of_a_project_that_are_no_regular_files_or_lead_out_are_not_read() {
    let outside = project(&[("vite.config.ts", "export default { server: { port: 6666 } }"), (".env", "PORT=6666")]);
    let folder =
        project(&[("ui/index.html", VITE), ("ui/package.json", r#"{"scripts":{"start":"react-scripts start"}}"#)]);
    for file in ["vite.config.ts", ".env"] {
        std::os::unix::fs::symlink(outside.path().join(file), folder.path().join("ui").join(file)).unwrap();
    }
    nix::unistd::mkfifo(&folder.path().join("ui/.env.local"), nix::sys::stat::Mode::S_IRUSR).unwrap();
    let found = source(&folder, "ui", "index.html").unwrap().project.unwrap();
    assert_eq!(found.server.unwrap().url, "http://localhost:3000");
    fs::remove_file(folder.path().join("ui/index.html")).unwrap();
    std::os::unix::fs::symlink(outside.path().join(".env"), folder.path().join("ui/index.html")).unwrap();
    assert_eq!(source(&folder, "ui", "index.html"), None);
    let long = format!(r#"{{"scripts":{{"build":"{}"}}}}"#, "x".repeat(100_000));
    let folder = project(&[("ui/index.html", VITE), ("ui/package.json", &long)]);
    let build = source(&folder, "ui", "index.html").unwrap().project.unwrap().build.unwrap();
    assert!(build.scripts[0].text.chars().count() <= LONGEST + 1);
}

#[test]
fn quotes_that_do_not_close_are_looked_for_once() {
    // Each of these would begin a text up to the end of the line, or of the file.
    for quote in ["\\'", "\\\"", "\\`"] {
        let text = quote.repeat(500_000);
        let config = format!("{} server: {{ port: 1 {text}", &quote[1..]);
        assert_eq!(scan::without_comments(&config), config);
        assert_eq!(scan::object(&config, "gone"), None);
        assert_eq!(scan::value_anywhere(&config, "gone"), None);
        assert!(scan::object(&config, "server").is_some_and(|server| server.len() > text.len()));
        assert!(scan::value_anywhere(&config, "port").is_some_and(|port| port.len() > text.len()));
    }
}

#[test]
fn after_a_quote_that_does_not_close_the_other_texts_are_still_texts() {
    let text = "a = /[']/ // x\nb = \"//\" // y\n' port: 1, 'port': 2";
    let text = scan::without_comments(text);
    assert_eq!(text, "a = /[']/ \nb = \"//\" \n' port: 1, 'port': 2");
    assert_eq!(scan::value_anywhere("it's\n\"port\": 'a,b', x", "port").and_then(scan::text_of), Some("a,b"));
}

#[test]
fn a_program_that_a_script_names_again_and_again_is_read_once() {
    let line = format!("node {}", "a.js ".repeat(200_000));
    let package = serde_json::json!({ "scripts": { "dev": line, "start": "node x1.js x2.js x3.js x4.js x5.js b.js" } });
    let program = format!("//{}\n", "x".repeat(60_000));
    let files = [("package.json", package.to_string()), ("a.js", program), ("b.js", "port = 9".to_owned())];
    let folder = project(&files.each_ref().map(|(path, text)| (*path, text.as_str())));
    let root = ExtensionRoot::open(folder.path()).unwrap();
    let package = package::Package::find(&root, std::path::Path::new(""), false).unwrap();
    // The fifth program isn't looked at.
    assert_eq!(server::find(&root, &package), None);
    fs::write(folder.path().join("x3.js"), "listen({ port: 8 })").unwrap();
    let (url, from, script) = server::find(&root, &package).unwrap();
    assert_eq!((url.as_str(), from.as_str(), script), ("http://localhost:8", "x3.js", Some("start")));
    // The rest of a large one isn't either.
    fs::write(folder.path().join("x3.js"), format!("{}\nport = 8", " ".repeat(64 * 1024))).unwrap();
    assert_eq!(server::find(&root, &package), None);
}

#[test]
fn an_expression_with_very_many_variables_reads_few_files() {
    let names: String = (0..5_000).map(|n| format!("env.V{n} || ")).collect();
    let variables: String = (0..4_000).map(|n| format!("X{n}=1\n")).collect();
    let config = format!("server: {{ port: {names} 7 }}");
    let package = r#"{"scripts":{"dev":"vite"}}"#;
    let mut files = vec![("package.json", package), ("vite.config.ts", config.as_str())];
    for file in [".env.development.local", ".env.local", ".env.development", ".env"] {
        files.push((file, variables.as_str()));
    }
    assert_eq!(server(&files).0, "http://localhost:7");
}

proptest! {
    #[test]
    fn no_text_of_a_stranger_makes_it_fail(html in "(<script |src=|\"|'|<!--|-->|>|<|%|<%|import|ä|/src/a.ts| |\n){0,40}", config in "(server|port|:|\\{|\\}|\"|'|`|//|/\\*|\\*/|\\\\|1|ä|,|\n| ){0,40}") {
        let _ = sign(&html, true);
        let config = scan::without_comments(&config);
        if let Some(inner) = scan::object(&config, "server") {
            let _ = scan::value(inner, "port").map(scan::port_in);
        }
        let _ = scan::value_anywhere(&config, "port").and_then(scan::text_of);
    }
}
