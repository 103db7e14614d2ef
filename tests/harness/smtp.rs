//! A mail server on loopback, with TLS by an authority of its own, that can be told to misbehave.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How the server protects its connections.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    None,
    Starttls,
    FromTheFirstByte,
}

/// What the server does wrong.
#[derive(Clone, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Answers the recipient with this line.
    Recipient(&'static str),
    /// Answers this recipient alone with this line.
    OneRecipient(&'static str, &'static str),
    /// Answers each recipient with 451 the first time.
    Greylist,
    /// Answers the letter with this line.
    Letter(&'static str),
    /// Never greets.
    NoGreeting,
    /// Takes the letter, and never answers.
    NoAnswer,
    /// Takes the letter, and ends the connection in place of an answer.
    Drop,
    /// Takes this long over each letter.
    Slow(Duration),
}

/// A letter that reached the server's end of data.
#[derive(Clone, Debug)]
pub struct Received {
    pub to: String,
    pub message_id: String,
    pub at: std::time::Instant,
    pub encrypted: bool,
}

struct State {
    tls: Tls,
    trouble: Trouble,
    /// What AUTH must bring, as base64.
    sign_in: Option<(&'static str, String)>,
    received: Vec<Received>,
    seen: HashSet<String>,
    open: usize,
    most_open: usize,
}

/// The server. It runs in threads of its own, for tests wait for processes.
pub struct MailServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    runtime: Option<tokio::runtime::Runtime>,
}

struct Authority {
    pem: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    Authority { pem: issuer.pem(), issuer }
});

/// The authority's certificate, for `mail.smtp.authority_file`.
pub fn authority() -> &'static str {
    &AUTHORITY.pem
}

fn acceptor(name: &str) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &AUTHORITY.issuer).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl MailServer {
    /// A server with a certificate for "localhost".
    pub fn start(tls: Tls) -> Self {
        Self::start_as(tls, "localhost")
    }

    /// A server with a certificate for another name.
    pub fn start_as(tls: Tls, name: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            tls,
            trouble: Trouble::None,
            sign_in: None,
            received: Vec::new(),
            seen: HashSet::new(),
            open: 0,
            most_open: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let (held, acceptor) = (state.clone(), acceptor(name));
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let (state, acceptor) = (held.clone(), acceptor.clone());
                tokio::spawn(async move {
                    stream.set_nodelay(true).unwrap();
                    {
                        let mut state = state.lock().unwrap();
                        state.open += 1;
                        state.most_open = state.most_open.max(state.open);
                    }
                    // A client that goes away is none of the server's business.
                    let _ = connection(stream, &state, &acceptor).await;
                    state.lock().unwrap().open -= 1;
                });
            }
        });
        Self { address, state, runtime: Some(runtime) }
    }

    pub fn trouble(&self, trouble: Trouble) {
        self.state.lock().unwrap().trouble = trouble;
    }

    /// Wants this sign-in: a mechanism, and what it must bring.
    pub fn wants(&self, mechanism: &'static str, base64: &str) {
        self.state.lock().unwrap().sign_in = Some((mechanism, base64.to_owned()));
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// How many letters it took.
    pub fn taken(&self) -> usize {
        self.state.lock().unwrap().received.len()
    }

    pub fn most_open(&self) -> usize {
        self.state.lock().unwrap().most_open
    }

    /// The settings that lead to this server.
    pub fn settings(&self) -> Vec<(String, String)> {
        let tls = match self.state.lock().unwrap().tls {
            Tls::None => "none",
            Tls::Starttls => "starttls",
            Tls::FromTheFirstByte => "tls",
        };
        [
            ("TRANSPORT", "smtp".to_owned()),
            ("SMTP__HOST", "localhost".to_owned()),
            ("SMTP__PORT", self.address.port().to_string()),
            ("SMTP__TLS", tls.to_owned()),
            ("SMTP__TIMEOUT_SECONDS", "2".to_owned()),
            ("PER_MINUTE", "0".to_owned()),
        ]
        .map(|(name, value)| (format!("QUORATE__MAIL__{name}"), value))
        .to_vec()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

async fn connection(stream: TcpStream, state: &Mutex<State>, acceptor: &TlsAcceptor) -> std::io::Result<()> {
    if state.lock().unwrap().trouble == Trouble::NoGreeting {
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    let tls = state.lock().unwrap().tls;
    let mut encrypted = tls == Tls::FromTheFirstByte;
    let stream: Box<dyn Stream> =
        if encrypted { Box::new(acceptor.accept(stream).await?) } else { Box::new(stream) };
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 test").await?;
    let mut signed_in = false;
    let mut to = String::new();
    loop {
        let Some(line) = read(&mut stream).await? else { return Ok(()) };
        let verb = line.to_ascii_uppercase();
        let (trouble, sign_in) = {
            let state = state.lock().unwrap();
            (state.trouble.clone(), state.sign_in.clone())
        };
        if verb.starts_with("EHLO") {
            let mut offers = "250-test\r\n".to_owned();
            if tls == Tls::Starttls && !encrypted {
                offers.push_str("250-STARTTLS\r\n");
            }
            if let Some((mechanism, _)) = sign_in {
                offers.push_str(&format!("250-AUTH {mechanism}\r\n"));
            }
            say(&mut stream, &format!("{offers}250 8BITMIME")).await?;
        } else if verb == "STARTTLS" {
            say(&mut stream, "220 go on").await?;
            stream = BufReader::new(Box::new(acceptor.accept(stream.into_inner()).await?));
            encrypted = true;
        } else if let Some(given) =
            verb.strip_prefix("AUTH ").map(|_| line.split(' ').nth(2).unwrap_or_default())
        {
            signed_in = sign_in.is_some_and(|(_, wanted)| wanted == given);
            say(&mut stream, if signed_in { "235 yes" } else { "535 5.7.8 no" }).await?;
        } else if verb.starts_with("MAIL") {
            let refused = sign_in.is_some() && !signed_in;
            say(&mut stream, if refused { "530 5.7.0 sign in first" } else { "250 ok" }).await?;
        } else if verb.starts_with("RCPT") {
            to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            let first = state.lock().unwrap().seen.insert(to.clone());
            let answer = match trouble {
                Trouble::Recipient(answer) => answer,
                Trouble::OneRecipient(of, answer) if of == to => answer,
                Trouble::Greylist if first => "451 4.7.1 greylisted, come again",
                _ => "250 ok",
            };
            say(&mut stream, answer).await?;
        } else if verb == "DATA" {
            say(&mut stream, "354 go on").await?;
            let mut message_id = String::new();
            loop {
                let Some(line) = read(&mut stream).await? else { return Ok(()) };
                if line == "." {
                    break;
                }
                if let Some(id) = line.strip_prefix("Message-ID: ") {
                    message_id = id.to_owned();
                }
            }
            if let Trouble::Letter(answer) = trouble {
                say(&mut stream, answer).await?;
                continue;
            }
            if let Trouble::Slow(long) = trouble {
                tokio::time::sleep(long).await;
            }
            let at = std::time::Instant::now();
            state.lock().unwrap().received.push(Received { to: to.clone(), message_id, at, encrypted });
            match trouble {
                Trouble::Drop => return Ok(()),
                Trouble::NoAnswer => tokio::time::sleep(Duration::from_secs(600)).await,
                _ => {}
            }
            say(&mut stream, "250 accepted").await?;
        } else if verb == "QUIT" {
            return say(&mut stream, "221 bye").await;
        } else {
            say(&mut stream, "250 ok").await?;
        }
    }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), line: &str) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let n = stream.read_line(&mut line).await?;
    Ok((n > 0).then(|| line.trim_end().to_owned()))
}
