//! Lines as people and browsers write them.

use super::*;
use crate::draft::Draft;
use porthole_http::exchange::{Body, Header, Param, Part, PartContent, Request, Version};
use porthole_process::{Command, EnvVar, Place};

const ELSEWHERE: &str = "The host localhost is ignored: the request goes to the target's endpoint.";

fn request(line: &str) -> (Request, Vec<String>) {
    let pasted = paste(line).unwrap_or_else(|error| panic!("{line}: {error:?}"));
    match pasted.composed {
        Draft::Request(request) => (request, pasted.notes),
        other => panic!("{line}: {other:?}"),
    }
}

fn command(line: &str) -> (Command, Vec<String>) {
    let pasted = paste(line).unwrap_or_else(|error| panic!("{line}: {error:?}"));
    match pasted.composed {
        Draft::Command(command) => (command, pasted.notes),
        other => panic!("{line}: {other:?}"),
    }
}

fn headers(list: &[(&str, &str)]) -> Vec<Header> {
    list.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into() }).collect()
}

fn text(text: &str) -> Body {
    Body::Text { text: text.into() }
}

fn json(text: &str) -> Body {
    Body::Json { text: text.into() }
}

#[test]
fn the_method_is_the_one_that_curl_would_use() {
    for (line, method, path) in [
        ("curl localhost", "GET", "/"),
        ("curl localhost?a=1", "GET", "/?a=1"),
        ("curl http://localhost/a/../b", "GET", "/a/../b"),
        ("curl -I localhost/x", "HEAD", "/x"),
        ("curl --head localhost/x", "HEAD", "/x"),
        ("curl -XDELETE localhost/x", "DELETE", "/x"),
        ("curl -X PATCH localhost/x", "PATCH", "/x"),
        ("curl --request=PUT --url localhost/x", "PUT", "/x"),
        ("curl -d a localhost/x", "POST", "/x"),
        ("curl -X GET -d a localhost/x", "GET", "/x"),
        ("curl -G -d a=1 -d b=2 localhost/x", "GET", "/x?a=1&b=2"),
        ("curl -G --data-urlencode 'q=a b&c' 'localhost/x?y'", "GET", "/x?y&q=a%20b%26c"),
        ("curl -I -G -d a localhost/x", "HEAD", "/x?a"),
        ("curl -T /tmp/f localhost/dir/", "PUT", "/dir/f"),
        ("curl -X OPTIONS --request-target '*' localhost", "OPTIONS", "*"),
        ("curl -g 'localhost/[1]{a}'", "GET", "/[1]{a}"),
        ("curl 'localhost/a b/é'", "GET", "/a%20b/%C3%A9"),
        ("/usr/bin/curl localhost#top", "GET", "/"),
    ] {
        let (read, _) = request(line);
        assert_eq!((read.method.as_str(), read.path.as_str()), (method, path), "{line}");
    }
}

#[test]
fn a_body_is_what_curl_would_send_with_the_type_that_it_would_say() {
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for (line, body, list) in [
        ("curl -d a=1 -d b=2 localhost", text("a=1&b=2"), vec![form]),
        ("curl --data-raw @x localhost", text("@x"), vec![form]),
        (
            "curl --data-urlencode '=a b' --data-urlencode 'n=é' --data-urlencode '&' localhost",
            text("a%20b&n=%C3%A9&%26"),
            vec![form],
        ),
        ("curl --json '{\"a\":' --json 1} localhost", json("{\"a\":1}"), vec![("Accept", "application/json")]),
        (
            "curl --json 1 -H 'content-type: a/b+json' localhost",
            json("1"),
            vec![("content-type", "a/b+json"), ("Accept", "application/json")],
        ),
        ("curl -H 'Content-Type: application/json' -d 1 localhost", json("1"), vec![]),
        ("curl -H 'Content-Type: text/plain; charset=utf-8' -d 1 localhost", text("1"), vec![]),
        ("curl --data-binary @/f localhost", Body::File { path: "/f".into() }, vec![form]),
        ("curl -T /f localhost/x", Body::File { path: "/f".into() }, vec![]),
        (
            "printf %s 'a b' | curl --data-binary @- -H 'Content-Type: a/b' localhost",
            text("a b"),
            vec![("Content-Type", "a/b")],
        ),
    ] {
        let (read, _) = request(line);
        assert_eq!((read.body, read.headers), (body, headers(&list)), "{line}");
    }
    let (_, notes) = request("curl -H Content-Type: -d x localhost");
    assert!(notes.iter().any(|note| note.contains("no Content-Type")), "{notes:?}");
    let (_, notes) = request("curl -d @/f localhost");
    assert!(notes[0].contains("line breaks"), "{notes:?}");
}

#[test]
fn options_that_are_headers_become_headers() {
    let line = "curl -u 'me:pass word' -A agent -e http://from/ -b 'a=1; b=2' -r 0-9 -H 'X-Empty;' -H 'Accept:' -H 'X:  y ' localhost";
    let list = [
        ("User-Agent", "agent"),
        ("Referer", "http://from/"),
        ("Cookie", "a=1; b=2"),
        ("Range", "bytes=0-9"),
        ("X-Empty", ""),
        ("X", "y"),
        ("Authorization", "Basic bWU6cGFzcyB3b3Jk"),
    ];
    assert_eq!(request(line).0.headers, headers(&list));
    let (read, _) = request("curl http://me:a%20b@localhost/");
    assert_eq!(read.headers, headers(&[("Authorization", "Basic bWU6YSBi")]));
    let (read, _) = request("curl --oauth2-bearer t -H 'User-Agent: own' -A other localhost");
    assert_eq!(read.headers, headers(&[("Authorization", "Bearer t"), ("User-Agent", "own")]));
}

#[test]
fn limits_and_version_are_kept_and_the_rest_is_told() {
    let (read, notes) =
        request("curl -sSvkL0 -m 1.5 --connect-timeout 2 -o out --unix-socket /p.sock --compressed https://h:1/x");
    assert_eq!((read.version, read.timeout_ms, read.connect_timeout_ms), (Version::Http10, Some(1500), 2000));
    assert!(read.follow_redirects);
    for said in ["--silent", "--show-error", "--verbose", "-k", "--output out", "--compressed", "/p.sock", "https"] {
        assert!(notes.iter().any(|note| note.contains(said)), "{said}: {notes:?}");
    }
    assert_eq!(request("curl -m 0 localhost").0.timeout_ms, None);
    assert_eq!(request("curl --path-as-is --noproxy '*' -g localhost").1, [ELSEWHERE]);
}

#[test]
fn lines_that_browsers_copy_are_read() {
    let body = json("{\"a\":\"it's 50%!\\n\"}");
    let sh = "curl 'http://localhost/api?x=1&y=2' \\\n  -H 'accept: */*' \\\n  -H 'content-type: application/json' \\\n  \
              --data-raw $'{\"a\":\"it\\'s 50%\\u0021\\\\n\"}' \\\n  --compressed ;";
    let cmd = "curl ^\"http://localhost/api?x=1^&y=2^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  -H ^\"content-type: application/json^\" ^\r\n  \
               --data-raw ^\"^{^\\^\"a^\\^\":^\\^\"it's 50^%^!^\\n^\\^\"^}^\"";
    let old_cmd = "curl \"http://localhost/api?x=1&y=2\" ^\n  -H \"accept: */*\" ^\n  -H \"content-type: application/json\" ^\n  \
                   --data-raw \"{\"\"a\"\":\"\"it's 50%!\\n\"\"}\"";
    let powershell = "curl.exe 'http://localhost/api?x=1&y=2' `\r\n  -H 'accept: */*' `\r\n  -H \"content-type: application/json\" `\r\n  \
                      --data-raw '{\"a\":\"it''s 50%!\\n\"}'";
    for line in [sh, cmd, old_cmd, powershell] {
        let (mut read, _) = request(line);
        assert_eq!(read.method, "POST", "{line}");
        assert_eq!(read.path, "/api?x=1&y=2", "{line}");
        assert_eq!(read.body, body, "{line}");
        read.headers.retain(|header| header.name != "content-type");
        assert_eq!(read.headers, headers(&[("accept", "*/*")]), "{line}");
    }
}

#[test]
fn words_are_those_of_a_posix_shell() {
    let (read, notes) = command(
        "docker exec c a\\ b \"c \\\"d\\\" \\n \\$x\" 'e\\'f $'\\x41\\101\\u00e9\\U0001f600\\ud83d\\ude00\\t\\'' \\\n \"\" # end",
    );
    assert_eq!(read.program, "a b");
    assert_eq!(read.args, ["c \"d\" \\n $x", "e\\f", "AAé😀😀\t'", ""]);
    assert_eq!(notes, [] as [&str; 0]);
    let (read, notes) = command("docker exec c echo $HOME \"${X}\" | grep x");
    assert_eq!(read.args, ["$HOME", "${X}"]);
    assert!(
        notes.iter().any(|note| note.contains("$HOME")) && notes.iter().any(|note| note.contains('|')),
        "{notes:?}"
    );
    let (read, notes) = command("docker exec c ls 2>/dev/null > out\r\n");
    assert_eq!((read.args.len(), notes.len()), (0, 2), "{notes:?}");
}

#[test]
fn a_docker_line_is_a_command_in_that_container() {
    let place = Place::Container { name: "web".into() };
    let expected = Command {
        cwd: Some("/w".into()),
        user: Some("1:2".into()),
        env: vec![EnvVar { name: "A".into(), value: "b=c".into() }],
        ..Command::new(place, "ls", ["-l", "--all"])
    };
    for line in [
        "docker exec -w /w -u 1:2 -e A=b=c web ls -l --all",
        "docker container exec -it --workdir=/w --user 1:2 --env A=b=c web ls -l --all",
        "$ sudo docker -H unix:///d.sock exec -itw/w -u1:2 -eA=b=c -- web ls -l --all",
        "DOCKER_HOST=x podman exec -t -d --privileged --env-file f -e HOME -w /w -u 1:2 -e A=b=c web ls -l --all",
        "docker compose -f c.yaml -p x exec -T --index 1 -w /w -u 1:2 -e A=b=c web ls -l --all",
        "docker-compose exec -w /w -u 1:2 -e A=b=c web ls -l --all",
        "PS C:\\> docker.exe exec -w /w -u '1:2' -e 'A=b=c' web ls -l --all",
    ] {
        assert_eq!(command(line).0, expected, "{line}");
    }
    let (_, notes) =
        command("sudo X=1 docker -c ctx exec -it -d --privileged --env-file f -e HOME --interactive=false web ls");
    for said in ["sudo", "X", "ctx", "-i and -t", "-d", "privileged", "env-file f", "HOME"] {
        assert!(notes.iter().any(|note| note.contains(said)), "{said}: {notes:?}");
    }
    assert!(command("docker compose exec web ls").1[0].contains("service"));
}

#[test]
fn what_cannot_be_read_is_named_and_never_guessed() {
    for (line, named) in [
        ("", "empty"),
        ("kubectl exec -it", "no pod name"),
        ("kubectl exec web --", "no program"),
        ("curl", "no URL"),
        ("curl --frobnicate localhost", "--frobnicate"),
        ("curl -QX localhost", "-Q"),
        ("curl localhost -H", "-H"),
        ("curl -H nonsense localhost", "nonsense"),
        ("curl -H @file localhost", "@file"),
        ("curl -F a localhost", "-F a"),
        ("curl -F 'a=<f' localhost", "reads its text"),
        ("curl -F 'a=@f,g' localhost", "several files"),
        ("curl -F a=b -d c localhost", "two bodies"),
        ("http", "no URL"),
        ("http POST :/x nonsense", "nonsense"),
        ("http POST :/x a[b]=1", "nested"),
        ("Invoke-RestMethod -Uri http://x -Body (ConvertTo-Json $x)", "$x"),
        ("irm http://x -Body $x", "$x"),
        ("irm http://x -Frobnicate 1", "frobnicate"),
        ("irm -Method Post", "no URL"),
        ("curl -b jar localhost", "-b jar"),
        ("curl -u me localhost", "-u me"),
        ("curl -K conf localhost", "-K conf"),
        ("curl -d @- localhost", "standard input"),
        ("curl -T - localhost", "standard input"),
        ("curl -d @f -d x localhost", "file and other data"),
        ("curl --data-urlencode n@f localhost", "n@f"),
        ("curl -m soon localhost", "soon"),
        ("curl localhost/a localhost/b", "two URLs"),
        ("curl localhost/a?b=1&c=2", "`&`"),
        ("curl 'localhost/[1-3]'", "[1-3]"),
        ("curl ftp://localhost/", "ftp://"),
        ("curl localhost && ls", "`&&`"),
        ("curl localhost\nls", "more than one line"),
        ("curl localhost < in", "in"),
        ("curl 'localhost", "quote"),
        ("curl $'\\ud800' localhost", "an unpaired surrogate"),
        ("curl.exe localhost $x", "`$`"),
        ("curl.exe \"localhost/$x\"", "variable"),
        ("curl.exe localhost\nls", "more than one line"),
        ("curl ^\"localhost^\" & dir", "`&`"),
        ("docker exec", "no container name"),
        ("docker exec web", "web"),
        ("docker exec --gpu web ls", "--gpu"),
        ("docker exec -e =x web ls", "=x"),
        ("docker exec web sh -c ls; ls", "`;`"),
    ] {
        let error = paste(line).err().unwrap_or_else(|| panic!("{line} was read"));
        assert_eq!(error.code, Code::PasteUnknown);
        assert!(error.message.contains(named), "{line}: {error:?}");
    }
}

fn part(name: &str, content: PartContent, filename: Option<&str>, content_type: Option<&str>) -> Part {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Part { name: name.into(), content, filename: own(filename), content_type: own(content_type) }
}

#[test]
fn a_multipart_form_of_curl_is_read_with_its_files() {
    let (read, _) = request(
        "curl -H 'Content-Type: multipart/form-data' -F a=b -F 'f=@\"/tmp/x;\\\"y\";type=a/b;filename=n' --form-string 'c=@d;e' localhost/u",
    );
    assert_eq!((read.method.as_str(), read.path.as_str()), ("POST", "/u"));
    assert_eq!(read.headers, []);
    let text = |text: &str| PartContent::Text { text: text.into() };
    let file = PartContent::File { path: "/tmp/x;\"y".into() };
    let parts = vec![
        part("a", text("b"), None, None),
        part("f", file, Some("n"), Some("a/b")),
        part("c", text("@d;e"), None, None),
    ];
    assert_eq!(read.body, Body::Multipart { parts });
}

#[test]
fn httpie_lines_are_read_as_httpie_would_send_them() {
    let (read, notes) = request("http PUT :8080/x?y=1 X-A:1 q=='a b' name=Zoë n:=9007199254740993 -a u:p --follow -v");
    assert_eq!((read.method.as_str(), read.path.as_str()), ("PUT", "/x?y=1&q=a%20b"));
    assert_eq!(read.headers, headers(&[("X-A", "1"), ("Authorization", "Basic dTpw")]));
    assert_eq!(read.body, json("{\"name\": \"Zoë\", \"n\": 9007199254740993}"));
    assert!(read.follow_redirects && notes.iter().any(|note| note.contains("--verbose")));
    assert_eq!(request("http localhost/x").0.method, "GET");
    assert_eq!(request("https example.org a=1").0.method, "POST");
    let (form, _) = request("http -f POST :/x a=1 b=2");
    let field = |name: &str, value: &str| Param { name: name.into(), value: value.into() };
    assert_eq!(form.body, Body::Form { fields: vec![field("a", "1"), field("b", "2")] });
    let (multipart, _) = request("http -f POST :/x a=1 f@/tmp/f");
    let Body::Multipart { parts } = multipart.body else { panic!("{multipart:?}") };
    assert_eq!(parts[1].content, PartContent::File { path: "/tmp/f".into() });
    assert_eq!(request("http POST :/x @/tmp/f").0.body, Body::File { path: "/tmp/f".into() });
}

#[test]
fn web_requests_of_powershell_are_read_as_people_and_browsers_write_them() {
    let browser = "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n$session.UserAgent = \"x\"\n\
        Invoke-WebRequest -UseBasicParsing -Uri \"http://localhost:3000/api?x=1\" `\n-Method \"POST\" `\n\
        -WebSession $session `\n-Headers @{\n\"Accept\"=\"*/*\"\n  \"X-B\"=\"2\"\n} `\n\
        -ContentType \"application/json\" `\n-Body \"{`\"a`\":1}\"";
    let (read, notes) = request(browser);
    assert_eq!((read.method.as_str(), read.path.as_str()), ("POST", "/api?x=1"));
    assert_eq!(read.headers, headers(&[("Accept", "*/*"), ("X-B", "2")]));
    assert_eq!(read.body, json("{\"a\":1}"));
    assert!(notes[0].contains("session"), "{notes:?}");
    let (read, _) =
        request("PS C:\\> irm http://localhost/x -Method Put -Form @{ a = 'b'; f = Get-Item -Path 'C:\\f' }");
    let text = PartContent::Text { text: "b".into() };
    let file = PartContent::File { path: "C:\\f".into() };
    assert_eq!(read.body, Body::Multipart { parts: vec![part("a", text, None, None), part("f", file, None, None)] });
    assert_eq!(request("$r = irm 'http://localhost/x?a=1' -Body @{ b = 'c d' }").0.path, "/x?a=1&b=c+d");
}

#[test]
fn any_other_command_line_is_a_command_on_this_machine() {
    let (read, _) = command("A=1 printf '%s' \"a b\"");
    let mut expected = Command::new(Place::Host, "printf", ["%s", "a b"]);
    expected.env = vec![EnvVar { name: "A".into(), value: "1".into() }];
    assert_eq!(read, expected);
    let (read, notes) = command("docker run --rm -it -e A=1 alpine ls -t");
    assert_eq!(
        read,
        Command::new(Place::Host, "docker", ["run", "--rm", "--interactive", "--env", "A=1", "alpine", "ls", "-t"])
    );
    assert!(notes.iter().any(|note| note.starts_with("-t")), "{notes:?}");
    assert_eq!(command("docker ps").0, Command::new(Place::Host, "docker", ["ps"]));
    assert_eq!(command("docker run --frob x").0, Command::new(Place::Host, "docker", ["run", "--frob", "x"]));
    let (read, notes) = command("kubectl -n ns exec -it web-1 -c app -- ls -l");
    assert_eq!(read, Command::new(Place::Container { name: "app".into() }, "ls", ["-l"]));
    assert!(notes.iter().any(|note| note.contains("web-1")), "{notes:?}");
    assert_eq!(command("kubectl get pods").0, Command::new(Place::Host, "kubectl", ["get", "pods"]));
    assert_eq!(request("http://localhost/a?b").0.path, "/a?b");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_reading_fail_in_another_way_than_by_an_error(text in ".{0,60}", at in 0_usize..7) {
        let starts = ["", "curl -F ", "http ", "irm ", "docker run ", "kubectl exec ", "$session\nirm "];
        let _ = paste(&format!("{}{text}", starts[at]));
    }
}
