//! A browser's connection, as little of one as there can be: it is not what is measured.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Place;
use crate::harness::http::encode;

/// A process that serves; killed when it is dropped.
pub struct Serving {
    child: Child,
    pub address: String,
    /// From the start of the process to the line that says where it listens.
    pub listening_after: Duration,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    /// Serves with settings of the environment beside the place's own.
    pub fn start<const N: usize>(place: &Place, settings: [(&str, &str); N]) -> Self {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("QUORATE__LOG__LEVEL", "warn").envs(settings);
        Self::of(command)
    }

    pub fn of(mut command: std::process::Command) -> Self {
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address =
            lines.find_map(|l| l.unwrap().rsplit_once("http://").map(|(_, a)| a.to_owned())).unwrap();
        Self { child, address, listening_after: begun.elapsed() }
    }

    /// What the process has had of the processors' time, its own and the kernel's for it.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit(')').next().unwrap();
        let ticks = after_name.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().unwrap());
        // Linux counts in hundredths of a second.
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    /// Resident memory in MiB.
    pub fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

/// One connection, kept alive.
pub struct Client {
    stream: BufReader<TcpStream>,
    cookie: String,
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Client {
    pub fn new(address: &str, cookie: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), cookie: cookie.to_owned() }
    }

    /// Signs in, and gives back the cookie.
    pub fn sign_in(address: &str, email: &str, password: &str) -> String {
        let form = [("email".to_owned(), email.to_owned()), ("password".to_owned(), password.to_owned())];
        let answer = Self::new(address, "").post("/sign-in", &encode(&form));
        let mut set = answer.head.lines().filter_map(|l| l.strip_prefix("set-cookie: "));
        let cookie = set.find(|cookie| !cookie.contains("-device=")).expect("signed in");
        cookie.split(';').next().unwrap().to_owned()
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: bench\r\ncookie: {}\r\n\r\n", self.cookie))
    }

    pub fn post(&mut self, path: &str, body: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        let length = body.len();
        self.exchange(&format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\ncookie: {}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}",
            self.cookie
        ))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn exchange(&mut self, request: &str) -> Answer {
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut head = self.line();
        let status = head[9..12].parse().unwrap();
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line();
            if line.is_empty() {
                break;
            }
            if let Some(n) = line.strip_prefix("content-length: ") {
                length = n.parse().unwrap();
            }
            chunked |= line == "transfer-encoding: chunked";
            head.push('\n');
            head.push_str(&line);
        }
        let mut body = Vec::new();
        let mut take = |stream: &mut BufReader<TcpStream>, n: usize| {
            let from = body.len();
            body.resize(from + n, 0);
            stream.read_exact(&mut body[from..]).unwrap();
        };
        if chunked {
            loop {
                let n = usize::from_str_radix(&self.line(), 16).unwrap();
                take(&mut self.stream, n);
                self.line();
                if n == 0 {
                    break;
                }
            }
        } else {
            take(&mut self.stream, length);
        }
        Answer { status, head, body: String::from_utf8(body).unwrap() }
    }
}
