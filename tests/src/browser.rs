//! A real browser, driven as its makers mean it to be (W3C `WebDriver`): what a person does with a page, and what axe-core
//! says about it. `tests/with-browser` provides the browser, `tests/with-foreign-tools` axe-core.
//!
//! Nothing here sleeps: what is waited for is waited for inside the page, which tells when it is there.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use ureq::http::Request;

/// What `WebDriver` calls the reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long a page may take to show what is waited for, in milliseconds.
const PATIENCE: u32 = 30_000;

/// A key that writes nothing (W3C `WebDriver`, section 17.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// On to the next control.
    Tab,
    /// Use what has the focus.
    Enter,
    /// Choose what has the focus.
    Space,
    /// The next option.
    Down,
}

impl Key {
    fn code(self) -> char {
        match self {
            Self::Tab => '\u{e004}',
            Self::Enter => '\u{e007}',
            Self::Space => ' ',
            Self::Down => '\u{e015}',
        }
    }
}

/// A browser with one window and an empty profile. Closed when it is dropped.
pub struct Browser {
    driver: Child,
    /// Read to the end of the driver's life: it may not find its output closed.
    _output: BufReader<ChildStdout>,
    agent: ureq::Agent,
    session: String,
}

impl Browser {
    /// Opens one, with a window of that size.
    pub fn open(width: u32, height: u32) -> Self {
        let mut driver = Command::new(provided("KAIJI_TEST_DRIVER", "tests/with-browser"))
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver runs");
        let mut output = BufReader::new(driver.stdout.take().unwrap());
        let port = port_of(&mut output);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .new_agent();
        let mut browser = Self {
            driver,
            _output: output,
            agent,
            session: format!("http://127.0.0.1:{port}/session"),
        };
        let made = browser.ask("POST", "", &capabilities(width, height));
        let id = made["sessionId"].as_str().expect("a session").to_owned();
        browser.session = format!("{}/{id}", browser.session);
        browser.ask("POST", "/timeouts", &json!({ "script": PATIENCE }));
        browser
    }

    /// Opens an address.
    pub fn go(&self, url: &str) {
        self.ask("POST", "/url", &json!({ "url": url }));
    }

    /// The address that it shows.
    pub fn url(&self) -> String {
        self.text_of("/url")
    }

    /// The title of the page.
    pub fn title(&self) -> String {
        self.text_of("/title")
    }

    /// Waits until something that this selector finds is there and holds the text.
    pub fn wait_for(&self, selector: &str, text: &str) {
        let script = "const [selector, text, done] = arguments;
            const found = () => [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(text));
            const look = () => found() && (observer.disconnect(), done(true));
            const observer = new MutationObserver(look);
            observer.observe(document, { subtree: true, childList: true, characterData: true });
            look();";
        let arguments = json!([selector, text]);
        let body = json!({ "script": script, "args": arguments });
        let answer = self.try_ask("POST", "/execute/async", &body);
        let missing = |error| {
            let shown = self.read("main");
            panic!("no {selector} with {text:?}: {error}; there is: {shown}")
        };
        answer.unwrap_or_else(missing);
    }

    /// The text that a person reads in the first thing that the selector finds.
    pub fn read(&self, selector: &str) -> String {
        let found = self.run(
            "return document.querySelector(arguments[0])?.innerText ?? ''",
            &json!([selector]),
        );
        found.as_str().unwrap().to_owned()
    }

    /// What stands in a field.
    pub fn value(&self, selector: &str) -> String {
        let found = self.run(
            "return document.querySelector(arguments[0]).value",
            &json!([selector]),
        );
        found.as_str().unwrap().to_owned()
    }

    /// How many things the selector finds.
    pub fn count(&self, selector: &str) -> u64 {
        let found = self.run(
            "return document.querySelectorAll(arguments[0]).length",
            &json!([selector]),
        );
        found.as_u64().unwrap()
    }

    /// Clicks on the first thing that the selector finds.
    pub fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.ask("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Empties the field that the selector finds.
    pub fn clear(&self, selector: &str) {
        let element = self.find(selector);
        self.ask("POST", &format!("/element/{element}/clear"), &json!({}));
    }

    /// Chooses a file in the field that the selector finds.
    pub fn choose_file(&self, selector: &str, path: &Path) {
        let element = self.find(selector);
        let text = json!({ "text": path.to_str().unwrap() });
        self.ask("POST", &format!("/element/{element}/value"), &text);
    }

    /// Presses a key, wherever the focus is.
    pub fn press(&self, key: Key) {
        self.write(&key.code().to_string());
    }

    /// Writes a text, wherever the focus is.
    pub fn write(&self, text: &str) {
        let keys = text.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|act| json!({ "type": act, "value": key.to_string() }))
        });
        let keyboard =
            json!({ "type": "key", "id": "keyboard", "actions": keys.collect::<Vec<_>>() });
        self.ask("POST", "/actions", &json!({ "actions": [keyboard] }));
    }

    /// Goes on with Tab until the focus is on what the selector finds, as somebody without a mouse does.
    pub fn tab_to(&self, selector: &str) {
        for _ in 0..1_000 {
            if self.has_focus(selector) {
                return;
            }
            self.press(Key::Tab);
        }
        panic!("the keyboard does not reach {selector}");
    }

    /// Whether the focus is on what the selector finds.
    pub fn has_focus(&self, selector: &str) -> bool {
        let script = "return document.activeElement?.matches(arguments[0]) ?? false";
        self.run(script, &json!([selector])) == true
    }

    /// What a script answers.
    pub fn run(&self, script: &str, arguments: &Value) -> Value {
        let body = json!({ "script": script, "args": arguments });
        self.ask("POST", "/execute/sync", &body)
    }

    /// Gives the window that size.
    pub fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Keeps a picture of the whole page under `target/screenshots`, for a person to look at.
    pub fn picture(&self, name: &str) {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let taken = self.devtools("Page.captureScreenshot", &whole);
        let bytes = BASE64_STANDARD
            .decode(taken["data"].as_str().unwrap())
            .unwrap();
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(format!("{name}.png")), bytes).unwrap();
    }

    /// Has axe-core look for barriers (WCAG 2.2, A and AA, and good practice), and fails with what it finds.
    pub fn has_no_barriers(&self, what: &str) {
        let tools = provided("KAIJI_TEST_TOOLS", "tests/with-foreign-tools");
        let axe = std::fs::read_to_string(tools.join("node_modules/axe-core/axe.min.js"));
        self.run(&axe.expect("axe-core"), &json!([]));
        let script = "const done = arguments[0];
            axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations.map(
                ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`)));";
        let found = self.ask(
            "POST",
            "/execute/async",
            &json!({ "script": script, "args": [] }),
        );
        assert_eq!(found, json!([]), "barriers on {what}");
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.ask("POST", "/goog/cdp/execute", &body)
    }

    fn find(&self, selector: &str) -> String {
        let by = json!({ "using": "css selector", "value": selector });
        let found = self.ask("POST", "/element", &by);
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    fn text_of(&self, path: &str) -> String {
        let value = self.ask("GET", path, &Value::Null);
        value.as_str().unwrap().to_owned()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.try_ask(method, path, body);
        answer.unwrap_or_else(|error| panic!("{method} {path} {body}: {error}"))
    }

    fn try_ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.session))
            .header("Content-Type", "application/json");
        let answer = match body {
            Value::Null => self.agent.run(request.body(()).unwrap()),
            body => self.agent.run(request.body(body.to_string()).unwrap()),
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        let read = answer.body_mut().with_config().limit(64 * 1024 * 1024);
        let text = read.read_to_string().map_err(|error| error.to_string())?;
        let said: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if answer.status().is_success() {
            Ok(said["value"].clone())
        } else {
            Err(said["value"]["message"].to_string())
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let closed = self.try_ask("DELETE", "", &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        if !std::thread::panicking() {
            closed.expect("the browser closes");
        }
    }
}

/// The port that chromedriver chose.
fn port_of(output: &mut BufReader<ChildStdout>) -> u16 {
    let mut said = String::new();
    while output.read_line(&mut said).unwrap() > 0 {
        if let Some((_, rest)) = said.split_once("successfully on port ") {
            let digits = rest.trim_end().trim_end_matches('.');
            return digits.parse().expect("a port");
        }
    }
    panic!("chromedriver says no port: {said}");
}

fn capabilities(width: u32, height: u32) -> Value {
    let browser = provided("KAIJI_TEST_BROWSER", "tests/with-browser");
    let options = json!({
        "binary": browser,
        "args": [
            "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=ja",
            "--force-prefers-reduced-motion",
            // A container has no sandbox to offer, and what is opened is ours.
            "--no-sandbox",
            format!("--window-size={width},{height}"),
        ],
    });
    json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } })
}

#[allow(
    clippy::disallowed_methods,
    reason = "the programs that provide tools speak through the environment"
)]
fn provided(variable: &str, by: &str) -> PathBuf {
    let found = std::env::var_os(variable);
    found
        .unwrap_or_else(|| panic!("{variable} is not set: run this with {by}"))
        .into()
}
