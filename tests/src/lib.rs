//! The whole, from outside: drives the built binary as a user would.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

pub mod live;
pub mod steps;

/// The roles of the demonstration: each has an account of its name.
pub const ROLES: [&str; 17] = [
    "grid_worker",
    "volunteer",
    "building_head",
    "village_clerk",
    "dispatcher",
    "handler",
    "enforcer",
    "legal_officer",
    "enforcement_lead",
    "planner",
    "plan_reviewer",
    "asset_manager",
    "leader",
    "data_manager",
    "system_admin",
    "security_admin",
    "auditor",
];

/// The binary under test: `YIZHANGTU_BINARY`, or the debug build, brought up to date first.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = env::var_os("YIZHANGTU_BINARY") {
            return PathBuf::from(path);
        }
        let built = Command::new(env!("CARGO"))
            .args(["build", "--workspace", "--bin", "yizhangtu", "--quiet"])
            .current_dir(root())
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the binary does not build");
        // This test runs from target/<profile>/deps.
        let here = env::current_exe().expect("a test has a path");
        let target = here
            .ancestors()
            .nth(3)
            .expect("target/<profile>/deps/<test>");
        target.join("debug/yizhangtu")
    })
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the repository")
}

/// A file of the real data that lies beside a checkout, or `None` with a word on standard output.
///
/// The data is not part of the project, so a checkout without it skips these tests.
pub fn real_data(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data").join(name);
    if !path.exists() {
        println!("skipped: real data {} is not here", path.display());
        return None;
    }
    Some(path)
}

/// The letters that a PDF of ours is written with, by the map from its glyphs to what they mean.
pub fn letters(pdf: &[u8]) -> BTreeSet<char> {
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|part| part == what);
    let (mut found, mut rest) = (BTreeSet::new(), pdf);
    while let Some(start) = find(rest, b"\nstream\n") {
        rest = &rest[start + 8..];
        let end = find(rest, b"\nendstream").expect("a stream ends");
        let mut text = String::new();
        let map = flate2::read::ZlibDecoder::new(&rest[..end]).read_to_string(&mut text);
        rest = &rest[end..];
        if map.is_err() || !text.contains("beginbfchar") {
            continue;
        }
        let meanings = text.lines().filter_map(|line| {
            let meaning = line.strip_suffix('>')?.rsplit_once('<')?.1;
            char::from_u32(u32::from_str_radix(meaning, 16).ok()?)
        });
        found.extend(meanings);
    }
    assert!(!found.is_empty(), "no letters");
    found
}

/// The SHA-256 of some bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs the command to its end.
pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    Command::new(binary())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

/// Runs the command and expects exit code 0; the standard output comes back.
pub fn run_well<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> String {
    let output = run(arguments);
    assert!(
        output.status.success(),
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8 output")
}

/// A demonstration village, made once for each build of the binary. Serve it read-only, or copy it.
pub fn village(name: &str) -> PathBuf {
    // The tests of one process take turns; those of others are told apart by its number.
    static MAKING: Mutex<()> = Mutex::new(());
    let _turn = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let binary = binary();
    let made = fs::metadata(binary)
        .and_then(|metadata| metadata.modified())
        .expect("the binary has a time")
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a time after 1970")
        .as_nanos();
    let folder = binary.with_file_name("villages");
    let path = folder.join(format!("{name}-{made}.gpkg"));
    if !path.exists() {
        fs::create_dir_all(&folder).expect("target is writable");
        // Several test processes may arrive at once: each makes its own, the first name stays.
        let own = folder.join(format!("{name}-{made}-{}.gpkg", std::process::id()));
        run_well(["demo", name, "-o", own.to_str().expect("UTF-8 path")]);
        // A rename would take the place of a file that another process serves already.
        let named = fs::hard_link(&own, &path);
        fs::remove_file(&own).expect("its own");
        assert!(named.is_ok() || path.exists(), "same folder: {named:?}");
    }
    path
}

/// A copy of a demonstration village without accounts, to be changed: whoever asks has all
/// rights, and sees what is personal masked.
pub fn open_village(name: &str, folder: &Path) -> PathBuf {
    let file = folder.join("village.gpkg");
    fs::copy(village(name), &file).expect("a copy");
    let connection = rusqlite::Connection::open(&file).expect("the file");
    connection
        .execute_batch("DELETE FROM account; DELETE FROM api_key; PRAGMA wal_checkpoint(TRUNCATE);")
        .expect("tables of accounts");
    file
}

/// A small disk in memory, unmounted when dropped.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts one; none where this user may not.
    pub fn new(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Makes every `fsync` fail while a file is there.
const FAILING: &str = r#"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
static int fails(void) { const char *flag = getenv("FAILING_DISK"); return flag && access(flag, F_OK) == 0; }
int fsync(int fd) { if (fails()) { errno = EIO; return -1; } return (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { if (fails()) { errno = EIO; return -1; } return (int)syscall(SYS_fdatasync, fd); }
"#;

/// A library that, laid before others (`LD_PRELOAD`), makes every `fsync` fail while the file
/// is there that `FAILING_DISK` names; none without a C compiler.
pub fn failing_disk(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("failing.c"), folder.join("failing.so"));
    fs::write(&source, FAILING).expect("a file");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status();
    built
        .is_ok_and(|status| status.success())
        .then_some(library)
}

/// A served file. It stops when dropped. By itself it asks without signing in.
pub struct Server {
    child: Child,
    asker: Asker,
}

/// Somebody who asks a server: signed in by [`Server::sign_in`], or not.
pub struct Asker {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    agent: ureq::Agent,
    /// The session's cookie.
    cookie: Option<String>,
}

impl std::ops::Deref for Server {
    type Target = Asker;

    fn deref(&self) -> &Asker {
        &self.asker
    }
}

/// What came back.
pub struct Reply {
    /// HTTP status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came, decompressed.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Server {
    /// Serves a file read-only on a free port.
    pub fn start(file: &Path) -> Self {
        Self::start_with(file, &["--read-only"])
    }

    /// Serves a file on a free port, with further arguments.
    pub fn start_with(file: &Path, arguments: &[&str]) -> Self {
        Self::start_in(file, arguments, &[])
    }

    /// Serves a file with a directory laid over the catalog.
    pub fn start_in_catalog(file: &Path, catalog: &Path) -> Self {
        let mut command = Command::new(binary());
        command.arg("--catalog").arg(catalog);
        Self::run(command, file, &[], &[])
    }

    /// As [`Server::start_with`], with further variables of the environment.
    pub fn start_in(file: &Path, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Self {
        Self::run(Command::new(binary()), file, arguments, variables)
    }

    /// As [`Server::start_in`], with what it says on standard error kept in a file.
    pub fn start_logged(
        file: &Path,
        arguments: &[&str],
        variables: &[(&str, &OsStr)],
        log: &Path,
    ) -> Self {
        let mut command = Command::new(binary());
        command.stderr(fs::File::create(log).expect("a file"));
        Self::run(command, file, arguments, variables)
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    fn run(
        mut command: Command,
        file: &Path,
        arguments: &[&str],
        variables: &[(&str, &OsStr)],
    ) -> Self {
        let mut child = command
            .arg("serve")
            .arg(file)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("readable output");
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("the first line is {line:?}"))
            .to_owned();
        // Keep the pipe drained, so that the server never waits for us.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let asker = Asker::new(url);
        Self { child, asker }
    }

    /// Asks the server to stop, and waits until it has.
    pub fn stop(mut self) {
        let process = self.process().to_string();
        let asked = Command::new("kill").args(["-TERM", &process]).status();
        assert!(asked.expect("kill runs").success());
        assert!(self.child.wait().expect("it ends").success());
    }

    /// Ends the server as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Signs in with an account of the demonstration.
    pub fn sign_in(&self, user: &str) -> Asker {
        self.sign_in_with(user, "yizhangtu-demo")
    }

    /// Signs in.
    pub fn sign_in_with(&self, user: &str, password: &str) -> Asker {
        let body = serde_json::json!({ "user": user, "password": password });
        let reply = self.post("/session", &body);
        assert_eq!(reply.status, 200, "{user}: {}", reply.text());
        let set = reply.header("set-cookie").expect("a cookie");
        let cookie = set.split(';').next().expect("a pair").to_owned();
        Asker {
            cookie: Some(cookie),
            ..Asker::new(self.url.clone())
        }
    }
}

impl Asker {
    /// Somebody who asks with a cookie of their own.
    pub fn with_cookie(&self, cookie: &str) -> Self {
        Self {
            cookie: Some(cookie.to_owned()),
            ..Self::new(self.url.clone())
        }
    }

    /// The session's cookie.
    pub fn cookie(&self) -> &str {
        self.cookie.as_deref().expect("signed in")
    }

    /// Takes the cookie that an answer sets.
    pub fn follow(&mut self, reply: &Reply) {
        let set = reply.header("set-cookie").expect("a cookie");
        self.cookie = set.split(';').next().map(str::to_owned);
    }

    fn new(url: String) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            // A refusal may come before the body that follows it, and ends the connection.
            .max_idle_connections(0)
            // Where an answer leads is part of it.
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build()
            .into();
        Self {
            url,
            agent,
            cookie: None,
        }
    }

    /// GET of a path with its query.
    pub fn get(&self, path: &str) -> Reply {
        self.get_with(path, &[])
    }

    /// GET with headers.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", path, headers, b"")
    }

    /// POST of a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_as(path, "application/json", body.to_string().as_bytes())
    }

    /// POST of a body of any media type.
    pub fn post_as(&self, path: &str, media_type: &str, body: &[u8]) -> Reply {
        self.send("POST", path, &[("content-type", media_type)], body)
    }

    /// GET of a file with people in it, once somebody else has approved it.
    pub fn take_away(&self, approver: &Self, path: &str) -> Reply {
        let wish = serde_json::json!({ "paths": [path], "reason": "移送材料，核对" });
        let asked = self.post("/exports", &wish);
        assert_eq!(asked.status, 201, "{path}: {}", asked.text());
        let id = asked.json()["id"].as_str().expect("a number").to_owned();
        let headers = [("content-type", "application/json")];
        let approval = br#"{"state":"approved"}"#;
        let decided = approver.send("PATCH", &format!("/exports/{id}"), &headers, approval);
        assert_eq!(decided.status, 200, "{path}: {}", decided.text());
        let mark = if path.contains('?') { '&' } else { '?' };
        self.get(&format!("{path}{mark}approval={id}"))
    }

    /// Any method with headers and a body.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let unsent = "a request that can be made";
        // A GET with an empty body would announce its length.
        let answer = if body.is_empty() && matches!(method, "GET" | "HEAD" | "DELETE") {
            self.agent.run(request.body(()).expect(unsent))
        } else {
            self.agent.run(request.body(body).expect(unsent))
        };
        reply(answer.unwrap_or_else(|error| panic!("no answer to {method} {path}: {error}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn reply(answer: ureq::http::Response<ureq::Body>) -> Reply {
    let (head, body) = answer.into_parts();
    let mut bytes = Vec::new();
    body.into_reader()
        .read_to_end(&mut bytes)
        .expect("a whole body");
    Reply {
        status: head.status.as_u16(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: bytes,
    }
}
