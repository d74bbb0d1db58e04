"""How well one can talk with it: the real assistant in a computed room, measured by its sound.

The scenarios follow Full-Duplex-Bench v1.5 (G.-T. Lin et al., 2025): somebody interrupts, murmurs
agreement, talks to somebody else, or a television speaks. Coughs, stop words, pauses within a
sentence and long replies without anybody else are added.
"""
