//! `yizhangtu key`: the keys that identity numbers and telephones are sealed with at rest.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde_json::json;
use yizhangtu_data::{
    seal::{Algorithm, Keys, Ring, Source},
    store::{Access, GeoPackage},
};

use super::{Failure, Output};

/// 静态加密的密钥 / keys of encryption at rest
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// 生成密钥文件，由环境变量 YIZHANGTU_KEY_FILE 指给程序 / make a file of keys, which YIZHANGTU_KEY_FILE then names
    Make {
        /// 密钥文件，不要与数据放在一起 / the file of keys; keep it apart from the data
        keys: PathBuf,
        /// 算法：aes-256-gcm 或 sm4-gcm（国密） / the algorithm: aes-256-gcm or sm4-gcm
        #[arg(long, value_name = "CIPHER", default_value = "aes-256-gcm")]
        cipher: Algorithm,
    },
    /// 用当前密钥加密文件中尚未加密的证件号和电话，可在服务运行时进行 / seal what still lies in clear, also while the file is served
    Seal {
        /// GeoPackage 文件 / the file
        file: PathBuf,
    },
    /// 更换密钥：生成新密钥并重新加密，可在服务运行时进行 / a new key, and everything sealed anew with it, also while the file is served
    Rotate {
        /// GeoPackage 文件 / the file
        file: PathBuf,
        /// 换用的算法，不给则不变 / another algorithm; the same where none is given
        #[arg(long, value_name = "CIPHER")]
        cipher: Option<Algorithm>,
    },
    /// 核对密钥副本，核对过后 doctor 不再提醒 / check a copy of the keys, so that doctor no longer warns
    Copy {
        /// GeoPackage 文件 / the file
        file: PathBuf,
        /// 另一处保存的密钥文件副本 / the copy of the file of keys, kept in another place
        copy: PathBuf,
    },
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Make { keys, cipher } => make(&keys, cipher, output),
        Verb::Seal { file } => {
            let store = opened(&file)?;
            seal(&store, "key_seal", output)
        }
        Verb::Rotate { file, cipher } => rotate(&file, cipher, output),
        Verb::Copy { file, copy } => confirm(&file, &copy, output),
    }
}

fn make(path: &Path, cipher: Algorithm, output: Output) -> Result<(), Failure> {
    let ring = Ring::made_for(cipher)?;
    ring.write(path, true)?;
    let mut to = io::stdout().lock();
    if output.json {
        writeln!(to, "{}", json!({ "file": path, "key": ring.current() }))?;
    } else {
        writeln!(
            to,
            "已生成 {path}。请在另一处保存副本：密钥丢失后，证件号和电话无法恢复。\n使用：export YIZHANGTU_KEY_FILE={path} \
             / made {path}. Keep a copy in another place: without the key identity numbers and telephones are lost",
            path = path.display()
        )?;
    }
    Ok(())
}

/// A file of ours to be written, with a key at hand.
fn opened(file: &Path) -> Result<GeoPackage, Failure> {
    let store = super::open(file, Access::ReadWrite)?;
    if !store.keys().can_seal() {
        return Err(Failure::Usage(
            "没有密钥：请先用 yizhangtu key make 生成，并设置环境变量 YIZHANGTU_KEY_FILE \
             / there is no key: make one by yizhangtu key make and name it in YIZHANGTU_KEY_FILE"
                .to_owned(),
        ));
    }
    Ok(store)
}

fn seal(store: &GeoPackage, action: &str, output: Output) -> Result<(), Failure> {
    let done = store.reseal(&|_| {})?;
    let key = store.keys().ring().current().unwrap_or_default().to_owned();
    super::on_record(store, action, &key, "", done.values)?;
    let mut to = io::stdout().lock();
    if output.json {
        let result = json!({ "key": key, "values": done.values, "files": done.files, "cleared": done.cleared });
        writeln!(to, "{result}")?;
        return Ok(());
    }
    writeln!(
        to,
        "已用密钥 {key} 加密 {count} 个值、{files} 个附件文件 / sealed {count} values and {files} files with the key {key}",
        count = done.values,
        files = done.files
    )?;
    if !done.cleared {
        writeln!(
            to,
            "文件正被使用，磁盘上的旧内容未能全部清除，请停止服务后再运行一次 yizhangtu key seal \
             / the file is in use, so what the disk kept of old values may be there still; run yizhangtu key seal again once it is not"
        )?;
    }
    Ok(())
}

fn rotate(file: &Path, cipher: Option<Algorithm>, output: Output) -> Result<(), Failure> {
    let store = opened(file)?;
    let keys = store.keys();
    let path = keys.source().and_then(Source::file).ok_or_else(|| {
        Failure::Usage(
            "密钥不在文件里：请在密钥库中把新密钥放在第一位，再运行 yizhangtu key seal \
             / the keys are in no file: put a new one first where they are kept, then run yizhangtu key seal"
                .to_owned(),
        )
    })?;
    // The old key stays behind the new one: backups and a service that runs need it.
    let ring = keys.ring();
    let cipher = cipher.unwrap_or_else(|| ring.algorithm());
    let ring = (*ring).clone().with_new(cipher)?;
    ring.write(path, false)?;
    keys.reload()?;
    seal(&store, "key_rotate", output)
}

fn confirm(file: &Path, copy: &Path, output: Output) -> Result<(), Failure> {
    let store = opened(file)?;
    let own = store.keys().source().and_then(Source::file);
    if own.is_some_and(|own| same(own, copy)) {
        return Err(Failure::Usage(format!(
            "{copy} 就是正在用的密钥文件，请给出另一处的副本 / that is the file of keys in use; give the copy in another place",
            copy = copy.display()
        )));
    }
    let ring = Source::File(copy.to_path_buf()).read()?;
    let (own, key) = (
        store.keys().ring(),
        store.keys().ring().current().unwrap_or_default().to_owned(),
    );
    if !Keys::fixed(ring).opens_like(&own) {
        return Err(Failure::Data(format!(
            "{copy} 不含正在使用的全部密钥，请重新复制 / the copy does not hold all keys in use; copy the file again",
            copy = copy.display()
        )));
    }
    store.note_key_copy(&key)?;
    let mut to = io::stdout().lock();
    if output.json {
        writeln!(to, "{}", json!({ "key": key, "copied": true }))?;
    } else {
        writeln!(to, "副本完好，密钥 {key} / the copy is good, key {key}")?;
    }
    Ok(())
}

fn same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
