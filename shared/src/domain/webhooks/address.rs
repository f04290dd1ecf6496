//! Where a webhook may be sent: to public addresses over HTTPS, so that nobody has Clearway call what only it can reach.
//!
//! Guarantees: a URL is taken in its plain form alone, so that no two parsers can disagree about its host; an address is judged by what it
//! is, whatever form it is written in. The name of a host proves nothing: what it resolves to is judged again when it is called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

pub const URL_BYTES_MAX: usize = 2_048;

/// Which addresses may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRule {
    PublicHttps,
    /// The machine itself too, without TLS: for a laptop alone.
    LoopbackToo,
}

/// Why a URL is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    #[error("a URL has at most {URL_BYTES_MAX} characters")]
    TooLong,
    #[error("this is not an absolute URL of plain ASCII characters, such as https://example.com/webhooks")]
    Unreadable,
    #[error("only https is called")]
    NotHttps,
    #[error("leave user names, passwords and fragments out of the URL")]
    Superfluous,
    #[error("write the host as a full domain name or as an address in its usual form")]
    Host,
    #[error("private, local and reserved addresses are not called")]
    PrivateAddress,
}

/// Whether the URL may be called, as far as it can be told without resolving its host.
pub fn check_url(text: &str, rule: AddressRule) -> Result<(), UrlFault> {
    if text.len() > URL_BYTES_MAX {
        return Err(UrlFault::TooLong);
    }
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`');
    if !text.bytes().all(is_plain) {
        return Err(UrlFault::Unreadable);
    }
    if text.contains('#') {
        return Err(UrlFault::Superfluous);
    }
    let uri: Uri = text.parse().map_err(|_| UrlFault::Unreadable)?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(UrlFault::Unreadable) };
    if authority.as_str().contains('@') {
        return Err(UrlFault::Superfluous);
    }
    if authority.as_str().ends_with(':') || authority.port().is_some_and(|port| port.as_u16() == 0) {
        return Err(UrlFault::Host);
    }
    let is_loopback = check_host(authority.host(), rule)?;
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback => Ok(()),
        _ => Err(UrlFault::NotHttps),
    }
}

/// Answers whether the host is the machine itself, which only [`AddressRule::LoopbackToo`] lets through.
fn check_host(host: &str, rule: AddressRule) -> Result<bool, UrlFault> {
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match literal {
        Some(literal) => Some(IpAddr::V6(literal.parse().map_err(|_| UrlFault::Host)?)),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    };
    if let Some(address) = address {
        return if may_call(address, rule) { Ok(is_loopback(address)) } else { Err(UrlFault::PrivateAddress) };
    }
    check_name(host, rule)
}

/// Names that only a local resolver answers for, besides those of one label.
const LOCAL_NAMES: [&str; 6] = ["localhost", "local", "internal", "localdomain", "home.arpa", "lan"];

fn check_name(host: &str, rule: AddressRule) -> Result<bool, UrlFault> {
    let host = host.to_ascii_lowercase();
    let is_local = host == "localhost";
    if is_local && rule == AddressRule::LoopbackToo {
        return Ok(true);
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if host.len() > 253 || !host.split('.').all(is_label) {
        return Err(UrlFault::Host);
    }
    if LOCAL_NAMES.iter().any(|name| host == *name || host.ends_with(&format!(".{name}"))) {
        return Err(UrlFault::PrivateAddress);
    }
    // A last label that begins with a digit makes the whole an address to some parsers: 127.1, 2130706433, 0x7f000001.
    let last = host.rsplit_once('.').map(|(_, last)| last);
    let is_name = last.is_some_and(|last| last.starts_with(|first: char| first.is_ascii_alphabetic()));
    if is_name { Ok(false) } else { Err(UrlFault::Host) }
}

/// Whether a host's address may be called.
pub fn may_call(address: IpAddr, rule: AddressRule) -> bool {
    match rule {
        AddressRule::PublicHttps => is_public(address),
        AddressRule::LoopbackToo => is_public(address) || is_loopback(address),
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// What the registry of special-purpose addresses (RFC 6890 and what updates it) sets apart, and multicast.
const NOT_PUBLIC_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // Among them the metadata services of clouds.
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in = |(network, bits): &([u8; 4], u32)| {
        let mask = u32::MAX.checked_shl(32_u32.saturating_sub(*bits)).unwrap_or_default();
        u32::from(address) & mask == u32::from_be_bytes(*network)
    };
    !NOT_PUBLIC_V4.iter().any(is_in)
}

/// The well-known prefix under which IPv4 addresses are reached from networks without IPv4 (RFC 6052).
const TRANSLATED: u128 = 0x0064_ff9b_u128 << 96;

/// Networks inside global unicast that are no host's of the internet: protocol assignments with Teredo, documentation, 6to4.
const NOT_PUBLIC_V6: [(u128, u32); 4] =
    [(0x2001 << 112, 23), (0x2001_0db8 << 96, 32), (0x2002 << 112, 16), (0x3fff << 112, 20)];

/// Only global unicast (2000::/3) is anybody's on the internet, besides IPv4 addresses in another form.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let number = u128::from(address);
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    if number & !u128::from(u32::MAX) == TRANSLATED {
        return is_public_v4(Ipv4Addr::from_bits((number & u128::from(u32::MAX)) as u32));
    }
    let is_in = |network: u128, bits: u32| {
        let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or_default();
        number & mask == network
    };
    is_in(0x2000 << 112, 3) && !NOT_PUBLIC_V6.iter().any(|(network, bits)| is_in(*network, *bits))
}
