//! Handshakes over a pipe, with certificates that are made here.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio_rustls::TlsConnector;

use crate::{Acceptor, Files, Secured, TlsError};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name and its key, as PEM.
fn issue(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

fn files(folder: &Path) -> Files {
    Files { certificate: folder.join("cert.pem"), key: folder.join("key.pem") }
}

fn write(files: &Files, (certificate, key): &(String, String)) {
    std::fs::write(&files.certificate, certificate).unwrap();
    std::fs::write(&files.key, key).unwrap();
}

/// A client that believes the authority, shows a certificate if it has one, and offers these protocols.
fn connector(authority: &Authority, shows: Option<&(String, String)>, protocols: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let builder =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
    let mut config = match shows {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

type Client = tokio_rustls::client::TlsStream<DuplexStream>;

/// Both ends after a handshake for the name `localhost`.
async fn shake(
    acceptor: &Acceptor,
    connector: &TlsConnector,
) -> (std::io::Result<Secured<DuplexStream>>, std::io::Result<Client>) {
    let (here, there) = tokio::io::duplex(64 * 1024);
    let name = ServerName::try_from("localhost").unwrap();
    tokio::join!(acceptor.accept(here), connector.connect(name, there))
}

#[tokio::test]
async fn what_both_speak_is_agreed_on() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), authority());
    let files = files(folder.path());
    write(&files, &issue(&authority, "localhost"));
    let acceptor = Acceptor::new(files).unwrap();
    for (offered, http2) in
        [(&["h2", "http/1.1"][..], true), (&["http/1.1"], false), (&["h2"], true), (&[], false)]
    {
        let (server, client) = shake(&acceptor, &connector(&authority, None, offered)).await;
        assert!(client.is_ok());
        assert_eq!(server.unwrap().http2, http2, "{offered:?}");
    }
    let (server, client) = shake(&acceptor, &connector(&authority, None, &["spdy/3"])).await;
    assert!(server.is_err() && client.is_err(), "nothing in common");
}

#[tokio::test]
async fn a_renewed_certificate_counts_from_the_next_connection_and_a_bad_one_never() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), authority());
    let files = files(folder.path());
    let (first, second) = (issue(&authority, "localhost"), issue(&authority, "localhost"));
    write(&files, &first);
    let acceptor = Acceptor::new(files.clone()).unwrap();
    let connector = connector(&authority, None, &[]);
    let shown = |client: &Client| {
        let (_, session) = client.get_ref();
        session.peer_certificates().unwrap()[0].to_vec()
    };
    let of = |pem: &(String, String)| CertificateDer::from_pem_slice(pem.0.as_bytes()).unwrap().to_vec();
    let (server, client) = shake(&acceptor, &connector).await;
    let (mut server, mut standing) = (server.unwrap(), client.unwrap());
    assert_eq!(shown(&standing), of(&first));

    // A certificate whose key has not come yet, one of somebody else, nothing readable, nothing at all.
    std::fs::write(&files.certificate, &second.0).unwrap();
    assert_eq!(shown(&shake(&acceptor, &connector).await.1.unwrap()), of(&first));
    for bad in ["", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&files.certificate, bad).unwrap();
        assert_eq!(shown(&shake(&acceptor, &connector).await.1.unwrap()), of(&first));
    }
    std::fs::remove_file(&files.key).unwrap();
    assert_eq!(shown(&shake(&acceptor, &connector).await.1.unwrap()), of(&first));

    write(&files, &second);
    assert_eq!(shown(&shake(&acceptor, &connector).await.1.unwrap()), of(&second));
    // By a rename, as tools renew.
    let next = folder.path().join("next.pem");
    std::fs::write(&next, &first.1).unwrap();
    std::fs::rename(&next, &files.key).unwrap();
    std::fs::write(&next, &first.0).unwrap();
    std::fs::rename(&next, &files.certificate).unwrap();
    assert_eq!(shown(&shake(&acceptor, &connector).await.1.unwrap()), of(&first));

    // What stood before goes on.
    standing.write_all(b"still here").await.unwrap();
    let mut said = [0; 10];
    server.stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"still here");
}

#[test]
fn files_that_can_not_be_used_are_named() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), authority());
    let files = files(folder.path());
    let why = || Acceptor::new(files.clone()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(why().contains("cert.pem can't be read as PEM"), "{}", why());
    let (certificate, key) = issue(&authority, "localhost");
    std::fs::write(&files.certificate, &key).unwrap();
    assert!(why().contains("cert.pem holds no certificate"), "{}", why());
    std::fs::write(&files.certificate, &certificate).unwrap();
    assert!(why().contains("key.pem can't be read as PEM"), "{}", why());
    std::fs::write(&files.key, issue(&authority, "localhost").1).unwrap();
    assert!(why().contains("is not that of the certificate in"), "{}", why());
    std::fs::write(&files.key, &key).unwrap();
    assert_eq!(why(), "");
    let nothing = Acceptor::for_known(files.clone(), &folder.path().join("none.pem"));
    assert!(matches!(nothing, Err(TlsError::Unreadable { .. })));
}

#[tokio::test]
async fn clients_are_known_by_certificates_of_the_authority_alone() {
    let (folder, authority, stranger) = (tempfile::tempdir().unwrap(), authority(), authority());
    let files = files(folder.path());
    write(&files, &issue(&authority, "localhost"));
    let trusted = folder.path().join("clients.pem");
    std::fs::write(&trusted, authority.pem()).unwrap();
    let acceptor = Acceptor::for_known(files, &trusted).unwrap();
    let own = issue(&authority, "producer.example.org");
    let (server, _) = shake(&acceptor, &connector(&authority, Some(&own), &[])).await;
    assert_eq!(server.unwrap().client, Some(vec!["producer.example.org".to_owned()]));
    let (server, _) = shake(&acceptor, &connector(&authority, None, &[])).await;
    assert_eq!(server.unwrap().client, None);
    let foreign = issue(&stranger, "producer.example.org");
    let (server, _) = shake(&acceptor, &connector(&authority, Some(&foreign), &[])).await;
    assert!(server.unwrap_err().to_string().contains("invalid peer certificate"));
}

/// Who begins a handshake and says no more is let go.
#[tokio::test]
async fn a_handshake_has_a_time_limit() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), authority());
    let files = files(folder.path());
    write(&files, &issue(&authority, "localhost"));
    let (here, _silent) = tokio::io::duplex(1024);
    let mut acceptor = Acceptor::new(files).unwrap();
    assert_eq!(acceptor.within.as_secs(), 10);
    acceptor.within = std::time::Duration::from_millis(20);
    assert_eq!(acceptor.accept(here).await.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
}
