"""stand-in"""
def progress(things, total, doing):
    return iter(things)
