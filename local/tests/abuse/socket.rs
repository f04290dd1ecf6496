//! A stack, and connections to it that send whatever bytes they like.

use std::time::Duration;

use local::stack::{Stack, StackOptions, Store};
use serde_json::Value;
use shared::domain::caller::Role;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Whoever is not answered by then is left hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stack, and a person who may do everything there.
pub(crate) struct Target {
    pub(crate) stack: Stack,
    pub(crate) bearer: String,
}

impl Target {
    pub(crate) async fn start() -> Self {
        let options = StackOptions { store: Store::Dynamodb, ..StackOptions::default() };
        let stack = Stack::start(options).await.unwrap();
        let bearer = format!("Bearer {}", stack.token("eve@abuse.test", &Role::ALL));
        Self { stack, bearer }
    }

    pub(crate) async fn connect(&self) -> Connection {
        let address = self.stack.base_url.strip_prefix("http://").unwrap();
        Connection { stream: BufReader::new(TcpStream::connect(address).await.unwrap()) }
    }

    /// A request's head with a token. `more` are further headers, each with its line's end.
    pub(crate) fn head(&self, method: &str, target: &str, more: &str) -> Vec<u8> {
        let bearer = &self.bearer;
        format!("{method} {target} HTTP/1.1\r\nhost: clearway\r\nauthorization: {bearer}\r\n{more}\r\n").into_bytes()
    }

    /// A whole request.
    pub(crate) fn request(&self, method: &str, target: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
        let more = format!("content-type: {content_type}\r\ncontent-length: {}\r\n", body.len());
        let mut request = self.head(method, target, &more);
        request.extend_from_slice(body);
        request
    }

    /// Sends bytes on a connection of their own, and answers what comes back.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> Answer {
        let mut connection = self.connect().await;
        connection.send(bytes).await;
        connection.answer().await
    }

    /// Whether an honest request is answered.
    pub(crate) async fn serves_on(&self) {
        let answer = self.exchange(&self.head("GET", "/batches", "")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// What came back. Without an answer the connection was closed: status 0.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    const CLOSED: Self = Self { status: 0, head: String::new(), body: String::new() };

    /// Refuses with this status, and says why as a problem.
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert!(self.head.contains("application/problem+json"), "{self:?}");
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{self:?}");
    }

    /// Refuses with a status of 400 to 499; if from one of our routes, as a problem.
    pub(crate) fn is_refusal(&self) {
        assert!((400..500).contains(&self.status), "{self:?}");
        // The server refuses without a word what never became a request.
        let is_unread = self.body.is_empty() && matches!(self.status, 400 | 414 | 431);
        assert!(is_unread || self.head.contains("application/problem+json"), "{self:?}");
    }

    /// Refuses, or closes without a word.
    pub(crate) fn is_refusal_or_closed(&self) {
        if self.status != 0 {
            self.is_refusal();
        }
    }
}

pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// The other side may close before it has read everything.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await.unwrap().is_ok()
    }

    /// The next answer on this connection, or that it was closed.
    pub(crate) async fn answer(&mut self) -> Answer {
        tokio::time::timeout(PATIENCE, self.read()).await.unwrap_or_else(|_| panic!("neither answered nor closed"))
    }

    async fn read(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return Answer::CLOSED,
            }
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        let mut body = vec![0; length];
        match self.stream.read_exact(&mut body).await {
            Ok(_) => Answer { status, head, body: String::from_utf8(body).unwrap() },
            Err(_) => Answer::CLOSED,
        }
    }
}
