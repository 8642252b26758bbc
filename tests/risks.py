"""Calls by which a Python text runs another text, starts a process, asks the network, or reads and writes files."""

import ast

MODULES = {
    "pickle", "marshal", "shelve", "dill", "joblib", "subprocess", "socket", "ssl", "urllib", "http", "requests",
    "httpx", "ftplib", "smtplib", "webbrowser", "ctypes", "shutil", "tempfile", "importlib", "runpy", "code", "codeop",
    "multiprocessing", "os", "sqlite3", "zipfile", "tarfile",
}  # fmt: skip
BARE = {"exec", "eval", "compile", "__import__", "open", "input", "breakpoint"}
METHODS = {
    "write_text", "write_bytes", "read_text", "read_bytes", "unlink", "rename", "rmdir", "mkdir", "touch", "symlink_to",
    "hardlink_to", "chmod", "system", "popen", "execv", "spawnv", "fork", "kill", "remove_tree", "rmtree", "savefig",
    "urlopen", "connect", "load_state_dict_from_url", "set_trace", "run_cell", "run_line_magic", "safe_execfile",
}  # fmt: skip


def risks(text):
    """The names of such calls in a text, as they stand there: `exec`, `pickle.loads`, `.write_bytes`."""
    tree = ast.parse(text)
    brought = imports(tree)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found |= bare(node.id, brought)
        elif isinstance(node, ast.Attribute):
            found |= attribute(node, brought)
    return found


def imports(tree):
    """What each name that is imported stands for."""
    brought = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            brought |= {(name.asname or name.name).split(".")[0]: name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            brought |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
    return brought


def bare(name, brought):
    """`exec`, and `loads` where that is `pickle.loads`."""
    whole = brought.get(name, name)
    if name in BARE and name not in brought:
        return {name}
    return {whole} if "." in whole and whole.split(".")[0] in MODULES else set()


def attribute(node, brought):
    """`pickle.loads`, `torch.load`, `.write_bytes`; of `builtins.exec` too."""
    left = brought.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
    if left.split(".")[0] in MODULES or left == "builtins":
        return {f"{left}.{node.attr}"}
    if left == "torch" and node.attr in ("load", "save", "hub"):
        return {f"torch.{node.attr}"}
    return {f".{node.attr}"} if node.attr in METHODS else set()
