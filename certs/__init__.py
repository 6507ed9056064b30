"""certs: the X.509 side of the trust service: the CA, its revocation lists and answers, time-stamps, the trust list.

It knows certificates, serial numbers and keys by name. It refuses to know what an e-seal looks like, who may use one,
or what a license is: to this room a seal is a legal person with a public key.
"""
