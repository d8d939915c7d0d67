"""What is shown of a command line that holds a secret, and of one that only looks like it."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ircopilot.domain.secrets import MARK, masked, secrets_in

# (as recorded, as shown)
HIDDEN = (
    (r"net use \\FS-01\c$ P@ssw0rd /user:dom\bob", r"net use \\FS-01\c$ [secret] /user:dom\bob"),
    (r'"C:\Windows\system32\net.exe" use Z: \\FS-01\share "Two words" /u:bob', r'"C:\Windows\system32\net.exe" use Z: \\FS-01\share "[secret]" /u:bob'),
    (r"net use \\FS-01\c$ /user:dom\bob P@ss", r"net use \\FS-01\c$ /user:dom\bob [secret]"),
    ("net user bob Secret1 /add", "net user bob [secret] /add"),
    ("net1 user bob Secret1 /add /domain", "net1 user bob [secret] /add /domain"),
    ("net user bob /add Secret1", "net user bob /add [secret]"),
    ("net user bob NewPass1", "net user bob [secret]"),
    ("net user bob $ecret1 /add", "net user bob [secret] /add"),
    ('cmd.exe /c "net user bob Secret1 /add"', 'cmd.exe /c "net user bob [secret] /add"'),
    ("cmd.exe /c net user bob Secret1 /add & net localgroup Administrators bob /add", "cmd.exe /c net user bob [secret] /add & net localgroup Administrators bob /add"),
    (r"psexec -u x -p y cmd", r"psexec -u x -p [secret] cmd"),
    (r"PsExec64.exe \\WS-02 -accepteula -u dom\x -p Pa$$w0rd cmd /c whoami", r"PsExec64.exe \\WS-02 -accepteula -u dom\x -p [secret] cmd /c whoami"),
    ("psexec -u mysql -p y cmd", "psexec -u mysql -p [secret] cmd"),
    ("sshpass -p hunter2 ssh -p 2222 root@192.0.2.4", "sshpass -p [secret] ssh -p 2222 root@192.0.2.4"),
    ("sshpass -phunter2 scp -P 22 a b:", "sshpass -p[secret] scp -P 22 a b:"),
    ("sudo mysql -u root -pS3cret! -h db shop", "sudo mysql -u root -p[secret] -h db shop"),
    ("mysqldump -uroot -p'S3 cret' shop", "mysqldump -uroot -p'[secret]' shop"),
    ("mysql --user=root --password=S3cret", "mysql --user=root --password=[secret]"),
    ("curl -u bob:pass https://a.example/x", "curl -u bob:[secret] https://a.example/x"),
    ("curl -sku bob:pass https://a.example/x", "curl -sku bob:[secret] https://a.example/x"),
    ("curl --user=bob:pass -o x https://a.example", "curl --user=bob:[secret] -o x https://a.example"),
    ("git clone https://bob:pa@ss@git.example/r.git", "git clone https://bob:[secret]@git.example/r.git"),
    ("https://user:pass@host/", "https://user:[secret]@host/"),
    ("schtasks /create /tn T /tr c:\\x.exe /ru dom\\x /rp y", "schtasks /create /tn T /tr c:\\x.exe /ru dom\\x /rp [secret]"),
    ("schtasks /create /s WS-02 /u dom\\a /p pw1 /tn T", "schtasks /create /s WS-02 /u dom\\a /p [secret] /tn T"),
    ('wmic /node:"WS-02" /user:"dom\\a" /password:"pw 1" process call create "cmd.exe"', 'wmic /node:"WS-02" /user:"dom\\a" /password:"[secret]" process call create "cmd.exe"'),
    ("tool --password hunter2 --port 5", "tool --password [secret] --port 5"),
    ("New-LocalUser -Name bob -Password hunter2", "New-LocalUser -Name bob -Password [secret]"),
    ("$p = ConvertTo-SecureString 'Summer 24' -AsPlainText -Force", "$p = ConvertTo-SecureString '[secret]' -AsPlainText -Force"),
    ('New-LocalUser b -Password (ConvertTo-SecureString "Summer24" -AsPlainText -Force)', 'New-LocalUser b -Password (ConvertTo-SecureString "[secret]" -AsPlainText -Force)'),
    ("ConvertTo-SecureString -AsPlainText -Force -String Summer24", "ConvertTo-SecureString -AsPlainText -Force -String [secret]"),
    ('powershell -c "$s = \'Summer24\' | ConvertTo-SecureString -AsPlainText -Force"', 'powershell -c "$s = \'[secret]\' | ConvertTo-SecureString -AsPlainText -Force"'),
    ("$password = 'Summer24'", "$password = '[secret]'"),
    ("[Net.NetworkCredential]::new('bob', 'Summer24')", "[Net.NetworkCredential]::new('bob', '[secret]')"),
    ("export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "export AWS_SECRET_ACCESS_KEY=[secret]"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = [secret]"),
    ("aws configure set aws_secret_access_key wJalrXUtnFEMI", "aws configure set aws_secret_access_key [secret]"),
    ('{"user": "bob", "password": "hunter2"}', '{"user": "bob", "password": "[secret]"}'),
    ("curl -H 'Authorization: Bearer eyJhbGciOi.J9x' https://a.example", "curl -H 'Authorization: Bearer [secret]' https://a.example"),
    ("curl -H \"Authorization: Basic Ym9iOnBhc3M1\" https://a.example", "curl -H \"Authorization: Basic [secret]\" https://a.example"),
    ("cmdkey /add:FS-01 /user:dom\\bob /pass:hunter2", "cmdkey /add:FS-01 /user:dom\\bob /pass:[secret]"),
    ("RunasCs.exe bob hunter2 cmd.exe -d dom", "RunasCs.exe bob [secret] cmd.exe -d dom"),
    ("xfreerdp /u:bob /p:hunter2 /v:192.0.2.4", "xfreerdp /u:bob /p:[secret] /v:192.0.2.4"),
    ("ldapsearch -x -D cn=admin -w hunter2 -b dc=example", "ldapsearch -x -D cn=admin -w [secret] -b dc=example"),
    ("smbclient //FS-01/c$ -U dom/bob%hunter2", "smbclient //FS-01/c$ -U dom/bob%[secret]"),
    ("net rpc group members Administrators -U bob%hunter2 -S FS-01", "net rpc group members Administrators -U bob%[secret] -S FS-01"),
    ("PGPASSWORD=hunter2 psql -h db", "PGPASSWORD=[secret] psql -h db"),
    ("python3 wmiexec.py dom/bob:hun@ter2@192.0.2.4", "python3 wmiexec.py dom/bob:[secret]@192.0.2.4"),
    ("impacket-secretsdump -hashes :0123456789abcdef0123456789abcdef dom/bob@192.0.2.4", "impacket-secretsdump -hashes [secret] dom/bob@192.0.2.4"),
    ("nxc smb 192.0.2.0/24 -u bob -p hunter2 --shares", "nxc smb 192.0.2.0/24 -u bob -p [secret] --shares"),
    ("sekurlsa::pth /user:bob /ntlm:0123456789abcdef0123456789abcdef", "sekurlsa::pth /user:bob /ntlm:[secret]"),
    ("7z a -phunter2 out.7z C:\\data", "7z a -p[secret] out.7z C:\\data"),
    ("echo hunter2 | sudo -S id", "echo [secret] | sudo -S id"),
    ("echo 'bob:hunter2' | chpasswd", "echo 'bob:[secret]' | chpasswd"),
    ("docker login -u bob -p hunter2 registry.example", "docker login -u bob -p [secret] registry.example"),
    ("plink.exe -ssh bob@192.0.2.4 -P 22 -pw hunter2 id", "plink.exe -ssh bob@192.0.2.4 -P 22 -pw [secret] id"),
    ('reg add "HKLM\\x\\Winlogon" /v DefaultPassword /t REG_SZ /d hunter2 /f', 'reg add "HKLM\\x\\Winlogon" /v DefaultPassword /t REG_SZ /d [secret] /f'),
    ("sc create S binPath= C:\\s.exe obj= .\\bob password= hunter2", "sc create S binPath= C:\\s.exe obj= .\\bob password= [secret]"),
    ("Server=db;User Id=sa;Password=hunter2;Encrypt=no", "Server=db;User Id=sa;Password=[secret];Encrypt=no"),
    ("GET /login?user=bob&password=hunter2&x=1", "GET /login?user=bob&password=[secret]&x=1"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----[secret]-----END RSA PRIVATE KEY-----"),
    ('powershell -Command "net use \\\\FS-01\\c$ \\"P@ss word\\" /user:dom\\bob"', 'powershell -Command "net use \\\\FS-01\\c$ \\"[secret]\\" /user:dom\\bob"'),
)  # fmt: skip
SHOWN = (
    "ssh -p 2222 root@192.0.2.4", "nmap -p 1-65535 -Pn 192.0.2.4", "nmap -p445 192.0.2.4", "docker run -p 8080:80 -u 1000 nginx",
    "docker run --name mysql -p 3306:3306 mysql:8", "mysql -p 3306", "mysql -u root -p shop", "mysql -P 3306 -h db", "mkdir -p /tmp/x",
    "cp -p a b", "ps -p 1", "rdesktop -u bob 192.0.2.4", "tar -xpf a.tar", "psql -U bob --password shop", "shutdown /p",
    "msbuild x.sln /p:Configuration=Release", "xcopy /p a b", "net use", r"net use \\FS-01\c$", r"net use \\FS-01\c$ /user:bob", "net use Z: /delete",
    r"net use \\FS-01\c$ * /user:bob", "net user", "net user bob", "net user bob /domain", "net user bob /active:yes", "net user bob * /add",
    'net group "Domain Admins" /domain', "net localgroup Administrators bob /add", "net user growth is good this year", "psexec -s cmd", "psexec \\\\WS-02 -p",
    "curl -u bob https://a.example", "curl https://a.example:8443/x", "git clone ssh://git@git.example:22/r", "schtasks /run /tn T",
    "schtasks /query /fo LIST", "wmic /node:WS-02 /user:bob process list", "tool --password-file /etc/p", "tool --ask-password x",
    "Get-ADUser -Filter * | Set-ADUser -PasswordNeverExpires $true", "New-LocalUser b -Password $pw", "ConvertTo-SecureString $pw -AsPlainText -Force",
    "Import-Clixml x | ConvertTo-SecureString", "cmdkey /list", "runas /user:dom\\bob cmd.exe", "xfreerdp /v:192.0.2.4 /u:bob", "ldapsearch -x -b dc=example",
    "smbclient -L //FS-01 -U bob", "PGPASSWORD=$PW psql", "bob : PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/id", "set PASSWORD=%PW%",
    "System.Xml, Version=4.0.0.0, PublicKeyToken=b77a5c561934e089", "Bearer authentication is used", "echo hello | grep h", "python3 wmiexec.py bob@192.0.2.4",
    "passwd bob", "the password was changed; the token: expired", 'if ($password -eq "") { exit }', "if ($password == 'x') {}", "sudo -u postgres psql", "less -p x",
    "docker ps -p", "iptables -A INPUT -p tcp --dport 22", "rundll32.exe C:\\x.dll,#1 /p", "bypass=1", "-ExecutionPolicy Bypass -w hidden -File x.ps1",
    "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----", "C:\\Program Files\\x.exe --type=utility --token=5",
)  # fmt: skip


@pytest.mark.parametrize(("recorded", "shown"), HIDDEN)
def test_a_secret_is_shown_as_a_mark_and_all_else_as_it_is(recorded: str, shown: str) -> None:
    assert masked(recorded) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert masked(text) == text


_PIECES = st.sampled_from(
    [
        "net", "use", "user", "bob", "/add", r"\\h\c$", "Secret1", "-p", "-pX1", "--password", "--password=", "psexec", "sshpass", "mysql", "curl",
        "-u", "a:b", "https://a:b@c/", '"', "'", '\\"', "\\", "|", "&", ";", "=", "password", ":", " ", "  ", "\n", "[secret]", "Bearer", "x1y2z3a4b5c6d7",
        "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "ConvertTo-SecureString", "-AsPlainText", "$x", "(", ")", ",", "%", "-U", "echo", "sudo -S", "@",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(_PIECES, max_size=40).map(" ".join) | st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=200)
)
def test_masking_again_changes_nothing_and_keeps_what_is_around_the_marks(text: str) -> None:
    shown = masked(text)
    assert masked(shown) == shown
    at = 0
    for part in shown.split(MARK):
        found = text.find(part, at)
        assert found >= 0
        at = found + len(part)


@given(st.lists(_PIECES, max_size=40).map(" ".join))
def test_places_are_in_order_and_apart(text: str) -> None:
    spans = secrets_in(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))


@pytest.mark.parametrize("piece", ['"', "\\", "'", '\\"', "-p", "net use ", "https://a:", "password=", "a=", "://", "[secret]", "-----BEGIN PRIVATE KEY-----", "Bearer ", "a ", '" \\'])  # fmt: skip
def test_the_time_grows_with_the_length(piece: str) -> None:
    def taken(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()
        masked(text)
        return time.process_time() - start

    # Twenty times the length: quadratic work would be four hundred times as long.
    assert taken(400_000) < 100 * max(taken(20_000), 0.002)
