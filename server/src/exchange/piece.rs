//! What an export writes into, to be taken away and sent piece by piece.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// What was written since the last piece was taken away.
#[derive(Clone, Default)]
pub(super) struct Piece(Arc<Mutex<Vec<u8>>>);

impl Piece {
    /// Takes it away.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Piece {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
