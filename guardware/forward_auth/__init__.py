"""Forward-auth: a front moves the bytes and asks guardware about each request.

``control``: the request that the front asks about, from the headers that only a front may send. ``options``: how
the front wants to be answered. ``replies``: the answer to the front. ``handover``: the sealed paths under which
guardware itself answers what is not for the front to serve. ``probe``: whether an address shows a picture.
``uses``: how often those open. ``desk``: the endpoints, joined from these.
"""
