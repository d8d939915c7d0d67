"""Which options of which programs are followed by a secret: a table, from the programs' own manuals.

Words that every program uses for nothing else (`--password`) stand in `OPTION_NAMES`; one letter means a password with
one program and a port with the next, so these stand with the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`following`: the next word is the secret; `glued`: the rest of the same word is; `paired`: option to the sign
    behind which, in its word or the next, the secret begins (`user:secret`). `fold`: case says nothing. `login`: only
    of the subcommand `login`. `target`: the sign between name and secret in a word that is no option (`name:secret@host`).
    `flags`: names of `OPTION_NAMES` that take no word here.
    """

    following: frozenset[str] = frozenset()
    glued: tuple[str, ...] = ()
    paired: Mapping[str, str] | None = None
    fold: bool = False
    login: bool = False
    target: str = ""
    flags: frozenset[str] = frozenset()


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PROMPTS = _set("password")
_SAMBA = Options(paired={"-u": "%", "--user": "%"}, fold=True)
_IMPACKET = Options(following=_set("-hashes -aeskey"), fold=True, target=":")
_DASH_P = Options(following=_set("-p"))
# Programs that are run by others (`sshpass -p … ssh -p 22`): what follows them is theirs.
_OTHERS = Options()
_BY_PROGRAMS: tuple[tuple[str, Options], ...] = (
    ("psexec psexec64 paexec csexec remcom psinfo pskill pslist psloglist psservice psshutdown cpau",
     Options(following=_set("-p /p"), fold=True)),
    ("plink pscp psftp putty kitty klink", Options(following=_set("-pw"), fold=True)),
    ("sshpass", Options(following=_set("-p"), glued=("-p",))),
    ("mysql mysqldump mysqladmin mysqlimport mysqlshow mysqlcheck mariadb mariadb-dump mariadb-admin",
     Options(glued=("-p",), flags=_PROMPTS)),
    ("psql pg_dump pg_dumpall pg_restore createdb dropdb vacuumdb pg_basebackup", Options(flags=_PROMPTS)),
    ("curl", Options(paired={"-u": ":", "--user": ":", "-U": ":", "--proxy-user": ":"})),
    ("schtasks", Options(following=_set("/rp -rp /p -p"), fold=True)),
    ("tasklist taskkill systeminfo driverquery gpresult openfiles eventcreate getmac", Options(following=_set("/p"), fold=True)),
    ("xfreerdp xfreerdp3 wfreerdp sdl-freerdp freerdp", Options(following=_set("-p"), glued=("/p:", "/pth:"))),
    ("winrs wevtutil", Options(glued=("-p:", "/p:"), fold=True)),
    ("ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldapcompare ldapmodrdn", Options(following=_set("-w"), glued=("-w",))),
    ("ldappasswd", Options(following=_set("-w -s -a"))),
    ("dsadd dsmod dsget dsquery dsmove dsrm", Options(following=_set("-pwd -p"), fold=True)),
    ("smbclient rpcclient smbget smbcacls smbcquotas winexe pth-smbclient pth-winexe pth-wmic pth-rpcclient", _SAMBA),
    ("crackmapexec cme netexec nxc evil-winrm", Options(following=_set("-p -H"))),
    ("hydra medusa rdesktop smbmap enum4linux mongo mongosh mongodump mongorestore mongoexport mongoimport bloodhound-python useradd "
     "usermod", _DASH_P),
    ("certipy certipy-ad", Options(following=_set("-p -hashes"))),
    ("redis-cli", Options(following=_set("-a"))),
    ("sqlcmd osql bcp", Options(following=_set("-P"), glued=("-P",))),
    ("sqlplus expdp impdp rman", Options(target="/")),
    ("ipmitool zip unzip", Options(following=_set("-P"))),
    ("7z 7za 7zr 7zz rar unrar winrar", Options(glued=("-p", "-hp"), fold=True)),
    ("snmpwalk snmpget snmpset snmpbulkwalk", Options(following=_set("-c -A -X"))),
    ("docker podman nerdctl buildah skopeo helm oras crane oc az", Options(following=_set("-p"), login=True)),
    ("wmiexec smbexec atexec dcomexec secretsdump getuserspns getnpusers gettgt getst getadusers lookupsid samrdump "
     "ticketer mssqlclient reg.py psexec.py smbclient.py rpcdump addcomputer findelegation ntlmrelayx", _IMPACKET),
    ("ssh scp sftp ssh-copy-id rsync autossh nmap cmd powershell pwsh bash sh zsh python python3 perl mkdir tar cp ps", _OTHERS),
)  # fmt: skip
PROGRAMS: Mapping[str, Options] = {name: options for names, options in _BY_PROGRAMS for name in names.split()}
SAMBA_NET = _SAMBA
IMPACKET = _IMPACKET

# Options whose next word is a secret, whichever program takes them.
OPTION_NAMES = _set(
    "password passwd passphrase pass pwd newpassword oldpassword new-password old-password adminpassword admin-password "
    "http-password ftp-password proxy-password db-password dbpassword user-password userpassword accountpassword "
    "localadministratorpassword safemodeadministratorpassword sa-password client-secret clientsecret secret-key secretkey "
    "secret-access-key api-key apikey access-token auth-token account-key sas-token token"
)
# What names a secret where a value is glued to it (`NAME=value`, `"NAME": "value"`, `/NAME:value`), whatever stands before it.
# `PWD` is also the shell's folder: what looks like a path is no secret. `PublicKeyToken` is none, nor is a bare `token`.
GLUED_NAME = (
    r"(?:password|passwd|passphrase|sshpass|(?<![a-z])passw?|(?<![a-z])pwd|secret[_-]?(?:access[_-]?)?key|client[_-]?secret|"
    r"(?:api|account|storage|master|shared[_-]?access)[_-]?key|"
    r"(?:access|auth|session|refresh|bearer|api|sas|security)[_-]?token)"
)
# Programs behind whose pipe the echoed text is a password.
READS_SECRET = _set("passwd chpasswd kinit smbpasswd su")
# Names that `set`, `setx` and `aws configure set` give the next word to.
VARIABLES = _set("aws_secret_access_key aws_session_token pgpassword mysql_pwd sshpass")
