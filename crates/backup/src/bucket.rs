//! A bucket of a store of objects as a place: contents under a prefix. Keys there are what paths are in a folder.

use crate::blocking::Blocking;
use crate::{BackupError, Place};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path as ObjectPath;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};
use std::future::Future;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes that are sent at a time, and held in memory meanwhile. A longer content goes in parts of this size, of which S3 takes 10,000:
/// 78 GiB.
const PART_BYTES: usize = 8 << 20;

/// A bucket, and a prefix in it.
pub(crate) struct BucketPlace {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) blocking: Arc<Blocking>,
    /// The place as it is told, such as `s3://bucket/prefix`.
    pub(crate) name: String,
    pub(crate) prefix: String,
}

/// A content was not put, or the store did not answer.
#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] object_store::Error),
}

impl StoreError {
    fn into_io(self) -> io::Error {
        match self {
            StoreError::Io(error) => error,
            StoreError::Store(error) => io::Error::other(error),
        }
    }
}

impl BucketPlace {
    /// The name of a content in the bucket: the prefix and the key as they are. A path that is collected from parts has characters such
    /// as `~` replaced, and who looks for the prefix, or has it in a policy, finds nothing.
    fn path(&self, key: &str) -> Result<ObjectPath, BackupError> {
        let parts = self.prefix.split('/').chain(key.split('/')).filter(|part| !part.is_empty());
        let path = ObjectPath::parse(parts.collect::<Vec<_>>().join("/"));
        path.map_err(|error| self.error_of(key, StoreError::Store(error.into())))
    }

    fn ask<T>(&self, work: impl Future<Output = object_store::Result<T>>) -> Result<T, StoreError> {
        Ok(self.blocking.wait(work)??)
    }

    /// The answer to a question about a content; `None` if it is not there.
    fn find<T>(
        &self,
        key: &str,
        work: impl Future<Output = object_store::Result<T>>,
    ) -> Result<Option<T>, BackupError> {
        match self.ask(work) {
            Ok(found) => Ok(Some(found)),
            Err(StoreError::Store(object_store::Error::NotFound { .. })) => Ok(None),
            Err(error) => Err(self.error_of(key, error)),
        }
    }

    fn error_of(&self, key: &str, error: StoreError) -> BackupError {
        BackupError::io(format!("{}/{key}", self.name.trim_end_matches('/')))(error.into_io())
    }

    fn put_all(&self, path: &ObjectPath, source: &mut dyn Read) -> Result<(), StoreError> {
        let first = read_part(source)?;
        if first.len() < PART_BYTES {
            return self.ask(self.store.put(path, first.into())).map(|_| ());
        }
        let mut upload = self.ask(self.store.put_multipart(path))?;
        let sent = self.send_parts(&mut *upload, first, source);
        if sent.is_err() {
            // Parts that stay are no content. Buckets have rules by which uploads that never ended are removed.
            let _ = self.ask(upload.abort());
        }
        sent
    }

    fn send_parts(
        &self,
        upload: &mut dyn MultipartUpload,
        first: Bytes,
        source: &mut dyn Read,
    ) -> Result<(), StoreError> {
        let mut part = first;
        while !part.is_empty() {
            self.ask(upload.put_part(part.into()))?;
            part = read_part(source)?;
        }
        self.ask(upload.complete()).map(|_| ())
    }
}

impl Place for BucketPlace {
    fn put_from(&self, key: &str, source: &mut dyn Read) -> Result<(), BackupError> {
        self.put_all(&self.path(key)?, source).map_err(|error| self.error_of(key, error))
    }

    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send>>, BackupError> {
        let path = self.path(key)?;
        let found = self.find(key, self.store.get(&path))?;
        let reader = |found: object_store::GetResult| {
            let (chunks, blocking) = (found.into_stream(), Arc::clone(&self.blocking));
            Box::new(BucketReader { chunks, chunk: Bytes::new(), blocking }) as Box<dyn Read + Send>
        };
        Ok(found.map(reader))
    }

    fn size(&self, key: &str) -> Result<Option<u64>, BackupError> {
        let path = self.path(key)?;
        Ok(self.find(key, self.store.head(&path))?.map(|found| found.size))
    }

    fn children(&self, prefix: &str) -> Result<Vec<String>, BackupError> {
        let path = self.path(prefix)?;
        let listed = self.ask(self.store.list_with_delimiter(Some(&path)));
        let listed = listed.map_err(|error| self.error_of(prefix, error))?;
        let objects = listed.objects.into_iter().map(|object| object.location);
        let paths = listed.common_prefixes.into_iter().chain(objects);
        let mut names: Vec<String> = paths.filter_map(|path| path.filename().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }

    fn local_file(&self, _key: &str) -> Option<PathBuf> {
        None
    }
}

/// The next part of a content: a whole one unless the content ends.
fn read_part(source: &mut dyn Read) -> io::Result<Bytes> {
    let mut part = Vec::new();
    source.take(PART_BYTES as u64).read_to_end(&mut part)?;
    Ok(part.into())
}

/// A content as it comes.
struct BucketReader {
    chunks: BoxStream<'static, object_store::Result<Bytes>>,
    /// The part that has come and was not read yet.
    chunk: Bytes,
    blocking: Arc<Blocking>,
}

impl Read for BucketReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.blocking.wait(self.chunks.next())? {
                Some(chunk) => self.chunk = chunk.map_err(io::Error::other)?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.chunk.len());
        buffer[..length].copy_from_slice(&self.chunk.split_to(length));
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    fn place(prefix: &str) -> BucketPlace {
        let blocking = Arc::new(Blocking::start().unwrap());
        BucketPlace { store: Arc::new(InMemory::new()), blocking, name: "s3://b".to_owned(), prefix: prefix.to_owned() }
    }

    fn read(place: &BucketPlace, key: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        place.open(key).unwrap()?.read_to_end(&mut bytes).unwrap();
        Some(bytes)
    }

    #[test]
    fn contents_are_put_and_found() {
        for prefix in ["", "of/a/cluster"] {
            let place = place(prefix);
            assert_eq!((place.size("a/b").unwrap(), read(&place, "a/b")), (None, None));
            place.put("a/b", b"bytes").unwrap();
            place.put("a/c/d", b"").unwrap();
            place.put("a/c/e", b"e").unwrap();
            assert_eq!((place.size("a/b").unwrap(), read(&place, "a/b")), (Some(5), Some(b"bytes".to_vec())));
            assert_eq!(read(&place, "a/c/d"), Some(Vec::new()));
            assert_eq!(place.children("a").unwrap(), ["b", "c"]);
            assert!(place.children("b").unwrap().is_empty());
        }
    }

    #[test]
    fn names_are_in_the_bucket_as_they_were_given() {
        let place = place("of/a~1*+%20");
        place.put("a/b", b"bytes").unwrap();
        let found = place.ask(place.store.list_with_delimiter(Some(&ObjectPath::parse("of/a~1*+%20/a").unwrap())));
        let names: Vec<String> = found.unwrap().objects.into_iter().map(|found| found.location.to_string()).collect();
        assert_eq!(names, ["of/a~1*+%20/a/b"]);
        assert_eq!(place.children("a").unwrap(), ["b"]);
    }

    #[test]
    fn long_contents_go_in_parts() {
        let place = place("");
        for length in [PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            place.put("long", &bytes).unwrap();
            assert!(read(&place, "long") == Some(bytes), "{length}");
        }
    }

    #[test]
    fn a_source_that_fails_leaves_nothing() {
        let place = place("");
        let mut source = io::repeat(7).take(PART_BYTES as u64 + 5).chain(Broken);
        assert!(place.put_from("half", &mut source).is_err());
        assert_eq!(place.size("half").unwrap(), None);
    }

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
}
