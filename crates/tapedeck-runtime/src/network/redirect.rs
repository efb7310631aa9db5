//! The rule that makes the endpoint of a task answer on port 80 without taking that port from its programs: a socket that
//! listened there would keep them from listening on port 80 of all addresses.
//!
//! It is one transaction of nf_tables in the task's own namespace, put together here: to start `nft` for it would take longer
//! than everything else. Source: `linux/netfilter/nf_tables.h` and `linux/netfilter/nfnetlink.h`.

use std::io;

use netlink_sys::{Socket, SocketAddr};

use super::endpoint::{ENDPOINT_ADDRESS, ENDPOINT_PORT, LISTENING_PORT};

/// Name of the table and of its chain.
const NAME: &str = "tapedeck";

const NETLINK_NETFILTER: isize = 12;
const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
const NFNL_MSG_BATCH_END: u16 = 0x11;
const NFT_MSG_NEWTABLE: u16 = 0;
const NFT_MSG_NEWCHAIN: u16 = 3;
const NFT_MSG_NEWRULE: u16 = 6;
const NFPROTO_IPV4: u8 = 2;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_APPEND: u16 = 0x800;
const NLMSG_ERROR: u16 = 2;
const NLA_F_NESTED: u16 = 0x8000;

/// Where packets of the namespace's own programs pass, and at which point destinations are rewritten there.
const NF_INET_LOCAL_OUT: u32 = 3;
const PRIORITY_OF_DESTINATION: i32 = -100;

/// Messages that are acknowledged: table, chain and rule.
const ACKNOWLEDGED: usize = 3;

/// A connection to the kernel's firewall, in the namespace where it was opened.
#[derive(Debug)]
pub(super) struct Firewall(Socket);

impl Firewall {
    /// Connects to the namespace of the calling thread.
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self(socket))
    }

    /// Leads what is sent to the endpoint to where it listens.
    pub(super) fn redirect(&self) -> io::Result<()> {
        self.0.send(&transaction(), 0)?;
        let mut acknowledged = 0;
        while acknowledged < ACKNOWLEDGED {
            let (datagram, _) = self.0.recv_from_full()?;
            let mut rest = datagram.as_slice();
            while let Some(length) = field(rest, 0).map(u32::from_ne_bytes) {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let is_answer =
                    field(rest, 4).map(|two: [u8; 2]| u16::from_ne_bytes(two)) == Some(NLMSG_ERROR);
                let code = field(rest, 16).map(i32::from_ne_bytes);
                match code.filter(|_| is_answer) {
                    Some(0) => acknowledged += 1,
                    Some(code) => return Err(io::Error::from_raw_os_error(-code)),
                    None => {}
                }
                rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
                if length == 0 {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn field<const LENGTH: usize>(bytes: &[u8], at: usize) -> Option<[u8; LENGTH]> {
    bytes.get(at..at + LENGTH)?.try_into().ok()
}

/// The table, its one chain and its one rule, all or nothing.
fn transaction() -> Vec<u8> {
    let mut out = Vec::with_capacity(768);
    let batch = NFNL_SUBSYS_NFTABLES;
    message(&mut out, NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, (0, batch), |_| {});
    let create = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
    let kind = |number: u16| NFNL_SUBSYS_NFTABLES << 8 | number;
    message(
        &mut out,
        kind(NFT_MSG_NEWTABLE),
        create,
        (NFPROTO_IPV4, 0),
        |out| {
            text(out, 1, NAME);
        },
    );
    message(
        &mut out,
        kind(NFT_MSG_NEWCHAIN),
        create,
        (NFPROTO_IPV4, 0),
        |out| {
            text(out, 1, NAME);
            text(out, 3, NAME);
            nested(out, 4, |out| {
                number(out, 1, NF_INET_LOCAL_OUT);
                number(out, 2, PRIORITY_OF_DESTINATION.cast_unsigned());
            });
            text(out, 7, "nat");
        },
    );
    let append = create | NLM_F_APPEND;
    message(
        &mut out,
        kind(NFT_MSG_NEWRULE),
        append,
        (NFPROTO_IPV4, 0),
        |out| {
            text(out, 1, NAME);
            text(out, 2, NAME);
            nested(out, 4, expressions);
        },
    );
    message(&mut out, NFNL_MSG_BATCH_END, NLM_F_REQUEST, (0, batch), |_| {});
    out
}

/// `ip daddr <endpoint> tcp dport 80 dnat to :<where it listens>`.
fn expressions(out: &mut Vec<u8>) {
    const NETWORK_HEADER: u32 = 1;
    const TRANSPORT_HEADER: u32 = 2;
    const DESTINATION_ADDRESS: (u32, u32) = (16, 4);
    const DESTINATION_PORT: (u32, u32) = (2, 2);
    const PROTOCOL: u32 = 16;
    const TCP: u8 = 6;
    const DESTINATION: u32 = 1;

    payload(out, NETWORK_HEADER, DESTINATION_ADDRESS);
    is_equal(out, &ENDPOINT_ADDRESS.octets());
    expression(out, "meta", |out| {
        number(out, 1, REGISTER);
        number(out, 2, PROTOCOL);
    });
    is_equal(out, &[TCP]);
    payload(out, TRANSPORT_HEADER, DESTINATION_PORT);
    is_equal(out, &ENDPOINT_PORT.to_be_bytes());
    expression(out, "immediate", |out| {
        number(out, 1, REGISTER);
        nested(out, 2, |out| bytes(out, 1, &LISTENING_PORT.to_be_bytes()));
    });
    expression(out, "nat", |out| {
        number(out, 1, DESTINATION);
        number(out, 2, u32::from(NFPROTO_IPV4));
        number(out, 5, REGISTER);
    });
}

/// The register that everything is compared in.
const REGISTER: u32 = 1;

/// Loads part of a packet.
fn payload(out: &mut Vec<u8>, header: u32, (offset, length): (u32, u32)) {
    expression(out, "payload", |out| {
        number(out, 1, REGISTER);
        number(out, 2, header);
        number(out, 3, offset);
        number(out, 4, length);
    });
}

/// Goes on only if what was loaded is this.
fn is_equal(out: &mut Vec<u8>, value: &[u8]) {
    expression(out, "cmp", |out| {
        number(out, 1, REGISTER);
        number(out, 2, 0);
        nested(out, 3, |out| bytes(out, 1, value));
    });
}

fn expression(out: &mut Vec<u8>, name: &str, data: impl FnOnce(&mut Vec<u8>)) {
    nested(out, 1, |out| {
        text(out, 1, name);
        nested(out, 2, data);
    });
}

/// A message: the header of netlink, that of netfilter, attributes.
fn message(
    out: &mut Vec<u8>,
    kind: u16,
    flags: u16,
    (family, resource): (u8, u16),
    attributes: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend([0; 4]);
    out.extend(kind.to_ne_bytes());
    out.extend(flags.to_ne_bytes());
    // Numbers of the message and of the sender, which nobody asks for.
    out.extend([0; 8]);
    out.extend([family, 0]);
    out.extend(resource.to_be_bytes());
    attributes(out);
    let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_ne_bytes());
}

fn nested(out: &mut Vec<u8>, kind: u16, content: impl FnOnce(&mut Vec<u8>)) {
    attribute(out, kind | NLA_F_NESTED, content);
}

fn bytes(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    attribute(out, kind, |out| out.extend(value));
}

fn number(out: &mut Vec<u8>, kind: u16, value: u32) {
    bytes(out, kind, &value.to_be_bytes());
}

fn text(out: &mut Vec<u8>, kind: u16, value: &str) {
    attribute(out, kind, |out| {
        out.extend(value.as_bytes());
        out.push(0);
    });
}

fn attribute(out: &mut Vec<u8>, kind: u16, content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 2]);
    out.extend(kind.to_ne_bytes());
    content(out);
    let length = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
    out[start..start + 2].copy_from_slice(&length.to_ne_bytes());
    out.resize(out.len().next_multiple_of(4), 0);
}
