"""Sound in and sound out, as frames; nothing behind this room knows a device."""
