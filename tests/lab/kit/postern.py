"""The gateway under test: its configuration."""

from .daemon import Daemon
from .network import GW_CORE, GW_WAN, SSW

# Small ranges, so that an attacker can spray all of it.
ACCESS_MEDIA, CORE_MEDIA = (20000, 20399), (30000, 30399)

CONFIG = """<postern xmlns="urn:postern:config:1" role="gateway">
  <log to="stderr" level="debug"/>
  <control socket="{directory}/postern-ctl.sock"/>
  <cdr file="{directory}/postern-cdr.jsonl"/>
  <realm name="access" side="access" address="{wan}" media="{access[0]}-{access[1]}"{access_more}/>
  <realm name="core" side="core" address="{core}" media="{cores[0]}-{cores[1]}"{core_more}/>
{networks}{module}</postern>
"""
SIP = """  <module name="sip">
    <listen realm="access" transport="udp" port="5060"/>
    <listen realm="core" transport="udp" port="5060"/>
{routing}
    <keepalive every="{keepalive}"/>
    <expires terminal="{expires}"/>
{sip_more}
  </module>
"""
ROUTE = '    <route from="access" to="core" next-hop="{0}"/>'
REGISTRAR = '    <registrar realm="access" domain="example.net"/>'


class Postern(Daemon):
    """posternd on the host gw, with the module sip, or with MODULE: a pair of its name and its element. NETWORKS
    are <network> elements of agents."""

    def __init__(self, lab, next_hop=SSW + ":5060", registrar=False, keepalive="2s", expires="600s",
                 access_more="", core_more="", sip_more="", module=None, networks=""):
        lab.postern = self
        name, text = module or ("sip", SIP.format(
            routing=REGISTRAR if registrar else ROUTE.format(next_hop), keepalive=keepalive, expires=expires,
            sip_more=sip_more and "    " + sip_more))
        super().__init__(lab, "gw", "postern", name, CONFIG.format(
            directory=lab.directory, wan=GW_WAN, core=GW_CORE, access=ACCESS_MEDIA,
            cores=CORE_MEDIA, module=text, networks=networks, access_more=access_more and " " + access_more,
            core_more=core_more and " " + core_more))
