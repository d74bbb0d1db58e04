"""Takes what the loudspeaker plays out of what the microphone hears.

    loudspeaker -> Reference (what sounds when) -> Canceller -> ears
    microphone  -----------------------------------^

`EchoPath` is the whole of it as the daemon sees it. Beside them `SteadyClock` follows the drift of
both devices, `DelayFinder` looks how late the echo is, and `Judge` whether it is gone.
"""
