"""Runs a command on a pseudo terminal of a given width and prints what it shows there.

usage: terminal.py COLUMNS COMMAND [ARGUMENT...]
Standard input of the command is the terminal too; nothing is ever typed, unless TYPED is set in the environment.
"""
import fcntl, os, pty, struct, sys, termios


def main():
    columns, command = int(sys.argv[1]), sys.argv[2:]
    pid, fd = pty.fork()
    if pid == 0:  # the width first: set from outside it may come too late
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
        os.execvp(command[0], command)
    if os.environ.get("TYPED"):
        os.write(fd, os.environ["TYPED"].encode())
    shown = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    _, status = os.waitpid(pid, 0)
    sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
    sys.exit(os.waitstatus_to_exitcode(status))


main()
