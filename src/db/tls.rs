//! TLS to the database, judged as libpq judges it: `prefer` and `require` encrypt, `verify-ca` asks who signed, `verify-full` also for
//! whom. Where a file of trusted certificates is there, even `require` asks who signed.

use super::target::Security;
use crate::error::{Error, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use tokio_postgres::Socket;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// id-at-commonName (RFC 5280, appendix A.1).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Makes TLS connections. tokio-postgres asks for a name over a socket too, where there is none and no TLS follows.
#[derive(Clone)]
pub struct Tls(MakeRustlsConnect);

impl MakeTlsConnect<Socket> for Tls {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type TlsConnect = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Self::TlsConnect, Self::Error> {
        MakeTlsConnect::<Socket>::make_tls_connect(
            &mut self.0,
            if host.is_empty() { "localhost" } else { host },
        )
    }
}

impl Tls {
    /// A connector that believes whom `trust` believes, and shows `identity` where it is asked for.
    pub fn new(trust: &Trust, identity: Option<Identity>) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let judge = Judge {
            provider: provider.clone(),
            trust: trust.clone(),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::internal)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(judge));
        let config = match identity {
            None => config.with_no_client_auth(),
            Some(Identity { chain, key }) => {
                config.with_client_auth_cert(chain, key).map_err(|error| {
                    let message = format!("the client certificate and its key do not fit: {error}");
                    Error::invalid(message).field("database.sslcert")
                })?
            }
        };
        Ok(Self(MakeRustlsConnect::new(config)))
    }
}

/// Whose certificate is believed.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Anyone's.
    Anyone,
    /// One that leads to these.
    Chain(Arc<Roots>),
    /// One that leads to these and is made out to the host.
    Host(Arc<Roots>),
}

/// Certificates that are trusted, as rustls wants them and as they are.
#[derive(Debug)]
pub struct Roots {
    store: RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// What a mode and a file of trusted certificates mean together.
    pub fn load(security: &Security<'_>) -> Result<Self> {
        let file = security.sslrootcert;
        let verifies = security.sslmode.starts_with("verify");
        if file == "system" {
            let message = "PGSSLROOTCERT=system is not known here: name a file of certificates, such as /etc/ssl/certs/ca-certificates.crt";
            return Err(Error::invalid(message).field("database.sslrootcert"));
        }
        if file.is_empty() || (!verifies && !Path::new(file).exists()) {
            return match verifies {
                false => Ok(Self::Anyone),
                true => {
                    let message = format!(
                        "sslmode {} needs the certificates that are trusted: name their file in PGSSLROOTCERT, or put it at ~/.postgresql/root.crt",
                        security.sslmode
                    );
                    Err(Error::invalid(message).field("database.sslrootcert"))
                }
            };
        }
        let certificates = certificates(file, "database.sslrootcert")?;
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates.iter().cloned());
        let roots = Arc::new(Roots {
            store,
            certificates,
        });
        Ok(match security.sslmode {
            "verify-full" => Self::Host(roots),
            _ => Self::Chain(roots),
        })
    }
}

/// Our own certificate and its key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// From its two files, if there are any.
    pub fn load(security: &Security<'_>) -> Result<Option<Self>> {
        if security.sslcert.is_empty() {
            return Ok(None);
        }
        let field = "database.sslkey";
        let wrong = |what: String| Error::invalid(what).field(field);
        let about = std::fs::metadata(security.sslkey)
            .map_err(|error| wrong(format!("{} cannot be read: {error}", security.sslkey)))?;
        // As libpq: 0600, or 0640 when it is root's.
        let forbidden = if about.uid() == 0 { 0o137 } else { 0o177 };
        if about.mode() & forbidden != 0 {
            let message = format!(
                "{} can be read by others: chmod 600 {}",
                security.sslkey, security.sslkey
            );
            return Err(wrong(message));
        }
        let key = PrivateKeyDer::from_pem_file(security.sslkey)
            .map_err(|error| wrong(format!("{} holds no key: {error}", security.sslkey)))?;
        Ok(Some(Self {
            chain: certificates(security.sslcert, "database.sslcert")?,
            key,
        }))
    }
}

fn certificates(file: &str, field: &'static str) -> Result<Vec<CertificateDer<'static>>> {
    let wrong = |error: &dyn std::fmt::Display| {
        Error::invalid(format!("{file} holds no certificates: {error}")).field(field)
    };
    let read = CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))?;
    let all: Result<Vec<_>, _> = read.collect();
    match all {
        Ok(all) if all.is_empty() => Err(wrong(&"it is empty")),
        Ok(all) => Ok(all),
        Err(error) => Err(wrong(&error)),
    }
}

/// Judges a server's certificate; its signature has to fit in any case.
#[derive(Debug)]
struct Judge {
    provider: Arc<CryptoProvider>,
    trust: Trust,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        cert: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let (roots, named) = match &self.trust {
            Trust::Anyone => return Ok(ServerCertVerified::assertion()),
            Trust::Chain(roots) => (roots, false),
            Trust::Host(roots) => (roots, true),
        };
        let parsed = ParsedCertificate::try_from(cert)?;
        // A certificate that is trusted itself needs no other: OpenSSL has it so, webpki wants an authority above it.
        match roots.certificates.iter().any(|root| root == cert) {
            true => check_dates(cert, now)?,
            false => verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &roots.store,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?,
        }
        if named {
            check_name(&parsed, cert, host)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn decode(cert: &CertificateDer<'_>) -> Result<x509_cert::Certificate, rustls::Error> {
    x509_cert::Certificate::from_der(cert)
        .map_err(|_| rustls::Error::InvalidCertificate(CertificateError::BadEncoding))
}

fn check_dates(cert: &CertificateDer<'_>, now: UnixTime) -> Result<(), rustls::Error> {
    let validity = decode(cert)?.tbs_certificate.validity;
    let from = validity.not_before.to_unix_duration().as_secs();
    let until = validity.not_after.to_unix_duration().as_secs();
    match now.as_secs() {
        now if now < from => Err(CertificateError::NotValidYet.into()),
        now if now > until => Err(CertificateError::Expired.into()),
        _ => Ok(()),
    }
}

/// RFC 6125 by the alternative names; where there is none that could stand for the host, by the common name, as libpq does.
fn check_name(
    parsed: &ParsedCertificate<'_>,
    cert: &CertificateDer<'_>,
    host: &ServerName<'_>,
) -> Result<(), rustls::Error> {
    let Err(error) = verify_server_name(parsed, host) else {
        return Ok(());
    };
    let cert = decode(cert)?;
    let names = cert.tbs_certificate.get::<SubjectAltName>().ok().flatten();
    let has_alternatives = names.is_some_and(|(_, names)| {
        names
            .0
            .iter()
            .any(|name| matches!(name, GeneralName::DnsName(_) | GeneralName::IpAddress(_)))
    });
    // The last one, as OpenSSL gives it to libpq.
    let names = cert
        .tbs_certificate
        .subject
        .0
        .iter()
        .flat_map(|part| part.0.iter());
    let common = names.rev().find(|name| name.oid == COMMON_NAME);
    let common = common.and_then(|name| std::str::from_utf8(name.value.value()).ok());
    let host = host.to_str();
    match common {
        Some(common) if !has_alternatives && fits(common, &host) => Ok(()),
        _ => Err(error),
    }
}

/// Whether a name, perhaps with `*` for its first label, stands for a host.
fn fits(name: &str, host: &str) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let wild = name.strip_prefix("*.").zip(host.split_once('.'));
    wild.is_some_and(|(name, (label, rest))| !label.is_empty() && name.eq_ignore_ascii_case(rest))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(fits("db.example.com", "DB.example.com"));
        assert!(fits("*.example.com", "db.example.com"));
        assert!(!fits("*.example.com", "a.db.example.com"));
        assert!(!fits("*.example.com", "example.com"));
        assert!(!fits("localhost", "127.0.0.1"));
    }
}
