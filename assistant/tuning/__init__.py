"""Makes a model file for this device out of a published one.

`vocab` decides which tokens stay, `wanted` knows how often they are wanted, `blocks` quantizes,
`cut` writes the file, `recipe` says how it was made, `making` puts it on the shelf and `quality`
measures what it costs.
"""
