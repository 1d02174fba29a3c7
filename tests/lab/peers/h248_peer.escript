#!/usr/bin/env escript
%% A media gateway or a controller on Debian's erlang-megaco.
%%
%%   h248_peer.escript mg   IP PORT MID CODING TRANSPORT VERSION MGC_IP MGC_PORT
%%   h248_peer.escript mgc  IP PORT MID CODING TRANSPORT VERSION
%%
%% MID is "-" for [IP]:PORT, else a domain name. CODING is pretty, compact or binary; TRANSPORT udp or tcp.
%% It prints an event a line, and takes a command a line:
%%   mg    ports N N ...      where the next streams shall be
%%         firewalled         a stream's port has a pinhole: it says "wanted N", and waits for
%%         pinhole N IP PORT RTCP   what to show for it
%%         notify             off-hook of its line
%%         change METHOD REASON   a ServiceChange of ROOT
%%   mgc   call A B STREAMS   Add both (A and B are indexes of gateways), tell A of B; STREAMS: 1 or 2
%%         audit I            an audit of the termination of gateway I that is in the call
%%         end                Subtract all
-mode(compile).
-export([handle_connect/2, handle_connect/3, handle_disconnect/3, handle_syntax_error/3, handle_syntax_error/4,
         handle_message_error/3, handle_message_error/4, handle_trans_request/3, handle_trans_request/4,
         handle_trans_long_request/3, handle_trans_long_request/4, handle_trans_reply/4, handle_trans_reply/5,
         handle_trans_ack/4, handle_trans_ack/5, handle_unexpected_trans/3, handle_unexpected_trans/4,
         handle_trans_request_abort/4, handle_trans_request_abort/5, handle_segment_reply/5,
         handle_segment_reply/6]).

-define(NO, asn1_NOVALUE).

say(Format, Words) -> io:format(Format ++ "~n", Words).

main([Role, Ip, Port, Mid, Coding, Transport, Version | More]) ->
    process_flag(trap_exit, true),
    logger:set_primary_config(level, error),
    register(peer, self()),
    {ok, Address} = inet:parse_address(Ip),
    P = list_to_integer(Port), V = list_to_integer(Version),
    Me = mid(Mid, Address, P),
    ok = megaco:start(),
    ok = megaco:start_user(Me, [{user_mod, ?MODULE}, {user_args, []}, {protocol_version, V},
                                {encoding_mod, encoder(Coding)}, {encoding_config, []},
                                {send_mod, sender(Transport)}, {request_timer, {megaco_incr_timer, 800, 2, 0, 8}},
                                {reply_timer, 30000}, {auto_ack, false}]),
    Handle = megaco:user_info(Me, receive_handle),
    spawn_link(fun read_commands/0),
    State = #{me => Me, version => V, address => Address, ports => [], terms => #{}, next => 1, gateways => []},
    begin_role(Role, Transport, Handle, P, More, State).

mid("-", Address, Port) -> {ip4Address, {'IP4Address', tuple_to_list(Address), Port}};
mid(Name, _, Port) -> {domainName, {'DomainName', Name, Port}}.

encoder("pretty") -> megaco_pretty_text_encoder;
encoder("compact") -> megaco_compact_text_encoder;
encoder("binary") -> megaco_ber_encoder.

sender("udp") -> megaco_udp;
sender("tcp") -> megaco_tcp.

read_commands() ->
    case io:get_line("") of
        Line when is_list(Line) ->
            peer ! {command, string:tokens(string:trim(Line), " ")},
            read_commands();
        _ -> halt(0)
    end.

begin_role("mgc", Transport, Handle, Port, [], State) ->
    Address = maps:get(address, State),
    case Transport of
        "udp" ->
            {ok, Sup} = megaco_udp:start_transport(),
            {ok, _, _} = megaco_udp:open(Sup, [{port, Port}, {receive_handle, Handle},
                                               {udp_options, [{ip, Address}]}]);
        "tcp" ->
            {ok, Sup} = megaco_tcp:start_transport(),
            ok = megaco_tcp:listen(Sup, [{port, Port}, {receive_handle, Handle},
                                         {tcp_options, [{ip, Address}]}])
    end,
    say("ready", []),
    loop(mgc, State);
begin_role("mg", Transport, Handle, Port, [MgcIp, MgcPort], State) ->
    {ok, Mgc} = inet:parse_address(MgcIp),
    MP = list_to_integer(MgcPort),
    {Send, Control} = case Transport of
        "udp" ->
            {ok, Sup} = megaco_udp:start_transport(),
            {ok, Socket, Pid} = megaco_udp:open(Sup, [{port, Port}, {receive_handle, Handle},
                                                      {udp_options, [{ip, maps:get(address, State)}]}]),
            {megaco_udp:create_send_handle(Socket, Mgc, MP), Pid};
        "tcp" ->
            {ok, Sup} = megaco_tcp:start_transport(),
            {ok, Connection, Pid} = megaco_tcp:connect(Sup, [{host, Mgc}, {port, MP}, {receive_handle, Handle}]),
            {Connection, Pid}
    end,
    {ok, Conn} = megaco:connect(Handle, preliminary_mid, Send, Control),
    say("ready", []),
    peer ! {command, ["change", "restart", "901 Cold Boot"]},
    loop(mg, State#{conn => Conn}).

loop(Role, State) ->
    receive
        {ask, From, Ref, {allocate, Stream}} when is_map_key(wanted, State) ->
            loop(Role, wanted(From, Ref, Stream, State));
        {ask, From, Ref, What} ->
            {Answer, Next} = asked(Role, What, State),
            From ! {Ref, Answer},
            loop(Role, Next);
        {command, Words} -> loop(Role, command(Role, Words, State));
        {gateway, Conn, Mid} -> loop(Role, gateway(Conn, Mid, State));
        {'EXIT', _, _} -> loop(Role, State);
        _ -> loop(Role, State)
    end.

ask(What) ->
    Ref = make_ref(),
    peer ! {ask, self(), Ref, What},
    receive {Ref, Answer} -> Answer after 20000 -> exit(no_answer) end.

%% ---- what messages are made of

level(N) -> lists:flatten(io_lib:format("~8.2.0b", [N])).
term(A, B) -> {megaco_term_id, false, [level(A), level(0), level(B)]}.
root() -> {megaco_term_id, false, ["root"]}.
choose() -> {megaco_term_id, true, ["$"]}.
all() -> {megaco_term_id, true, ["*"]}.
text({megaco_term_id, _, Id}) -> string:join([lists:flatten(I) || I <- Id], "/").

property(Name, Value) -> {'PropertyParm', Name, [Value], ?NO}.
descriptor(Lines) -> {'LocalRemoteDescriptor', [[property(N, V) || {N, V} <- Lines]]}.

wildcard(1) -> descriptor([{"v", "0"}, {"c", "IN IP4 $"}, {"m", "audio $ RTP/AVP 8"}]);
wildcard(2) -> descriptor([{"v", "0"}, {"c", "IN IP4 $"}, {"m", "video $ RTP/AVP 31"}]).

kind(1) -> {"audio", "8"};
kind(2) -> {"video", "31"}.

local(Stream, Ip, Port, More) ->
    {Kind, Payload} = kind(Stream),
    descriptor([{"v", "0"}, {"o", "- 1234567890 0 IN IP4 " ++ Ip}, {"s", "-"}, {"c", "IN IP4 " ++ Ip}, {"t", "0 0"},
                {"m", lists:flatten(io_lib:format("~s ~b RTP/AVP ~s", [Kind, Port, Payload]))}] ++ More).

%% Streams of version 3 carry statistics as well.
parms(#{version := 3}, Control, Local, Remote) -> {'StreamParms', Control, Local, Remote, ?NO};
parms(_, Control, Local, Remote) -> {'StreamParms', Control, Local, Remote}.

media(Streams) -> {mediaDescriptor, {'MediaDescriptor', ?NO,
                   {multiStream, [{'StreamDescriptor', N, P} || {N, P} <- Streams]}}}.

mode(Mode) -> {'LocalControlDescriptor', Mode, ?NO, ?NO, []}.
command(Command) -> {'CommandRequest', Command, ?NO, ?NO}.
action(Context, Commands) -> {'ActionRequest', Context, ?NO, ?NO, [command(C) || C <- Commands]}.
amm(Kind, Term, Descriptors) -> {Kind, {'AmmRequest', [Term], Descriptors}}.

%% ServiceChangeParm has grown with the versions.
change(V, Method, Reason) ->
    Tail = case V of 1 -> []; 2 -> [?NO]; 3 -> [?NO, ?NO] end,
    list_to_tuple(['ServiceChangeParm', Method, ?NO, ?NO, ?NO, [Reason], ?NO, ?NO, ?NO, ?NO] ++ Tail).

%% ---- the gateway

%% Its controller's identifier is known only when it answered.
connection(#{me := Me, conn := First}) ->
    case megaco:user_info(Me, connections) of
        [Conn | _] -> Conn;
        [] -> First
    end.

command(mg, ["ports" | Ports], State) ->
    State#{ports => maps:get(ports, State) ++ [list_to_integer(P) || P <- Ports]};
command(mg, ["firewalled"], State) -> State#{wanted => #{}};
command(mg, ["pinhole", Name, Ip, Rtp, Rtcp], #{wanted := Wanted} = State) ->
    Port = list_to_integer(Name),
    {{From, Ref, Stream}, Rest} = maps:take(Port, Wanted),
    From ! {Ref, {Port, local(Stream, Ip, list_to_integer(Rtp), [{"a", "rtcp:" ++ Rtcp}])}},
    State#{wanted => Rest};
command(mg, ["change", Method | Reason], #{version := V} = State) ->
    Conn = connection(State),
    Change = change(V, list_to_atom(Method), string:join(Reason, " ")),
    Request = {serviceChangeReq, {'ServiceChangeRequest', [root()], Change}},
    spawn_link(fun() -> answered("change " ++ Method, megaco:call(Conn, [action(0, [Request])], [])) end),
    State;
command(mg, ["notify"], State) ->
    Conn = connection(State),
    Event = {'ObservedEvent', "al/of", ?NO, [], ?NO},
    Request = {notifyReq, {'NotifyRequest', [term(0, 1)], {'ObservedEventsDescriptor', 2222, [Event]}, ?NO}},
    spawn_link(fun() -> answered("notify", megaco:call(Conn, [action(0, [Request])], [])) end),
    State;

%% ---- the controller

command(mgc, ["call", A, B, Streams], State) ->
    Gateways = maps:get(gateways, State),
    One = lists:nth(list_to_integer(A) + 1, Gateways), Two = lists:nth(list_to_integer(B) + 1, Gateways),
    Ids = lists:seq(1, list_to_integer(Streams)),
    spawn_link(fun() -> call(State, One, Two, Ids) end),
    State;
command(mgc, ["end"], #{call := Ends} = State) ->
    spawn_link(fun() ->
        [ok(conn_call(C, [action(Context, [{subtractReq, {'SubtractRequest', [all()], ?NO}}])]))
         || {C, Context, _} <- Ends],
        say("over", [])
    end),
    State;
command(mgc, ["audit", Index], #{call := Ends} = State) ->
    {C, Context, Term} = lists:nth(list_to_integer(Index) + 1, Ends),
    spawn_link(fun() ->
        Request = {auditValueRequest, audit(State, Term)},
        [{'ActionReply', _, _, _, [{auditValueReply, {auditResult, {'AuditResult', _, Found}}}]}] =
            ok(conn_call(C, [action(Context, [Request])])),
        say("audited ~s", [addresses(Found)])
    end),
    State;
command(_, [], State) -> State.

audit(#{version := 3}, Term) -> {'AuditRequest', Term, {'AuditDescriptor', [mediaToken], ?NO}, ?NO};
audit(#{version := 2}, Term) -> {'AuditRequest', Term, {'AuditDescriptor', [mediaToken], ?NO}};
audit(_, Term) -> {'AuditRequest', Term, {'AuditDescriptor', [mediaToken]}}.

answered(What, {_, {ok, _}}) -> say("answered ~s", [What]);
answered(What, {_, {ok, _, _}}) -> say("answered ~s", [What]);
answered(What, Other) -> say("failed ~s ~0p", [What, Other]).

conn_call(Conn, Actions) -> megaco:call(Conn, Actions, [{request_timer, {megaco_incr_timer, 800, 2, 0, 8}}]).

ok({_, {ok, Replies}}) -> Replies;
ok({_, {ok, Replies, _}}) -> Replies;
ok(Other) -> say("failed call ~0p", [Other]), exit(normal).

add(State, Conn, Ids, Remotes) ->
    Streams = [{Id, parms(State, mode(case Remotes of none -> recvOnly; _ -> sendRecv end), wildcard(Id),
                          case Remotes of none -> ?NO; _ -> maps:get(Id, Remotes) end)} || Id <- Ids],
    Commands = [amm(addReq, term(0, 1), []), amm(addReq, choose(), [media(Streams)])],
    [{'ActionReply', Context, ?NO, _, [{addReply, _}, {addReply, {'AmmsReply', [Term], Audit}}]}] =
        ok(conn_call(Conn, [action(16#fffffffe, Commands)])),
    {Context, Term, locals(Audit)}.

locals(Audit) ->
    [Streams] = [S || {mediaDescriptor, {'MediaDescriptor', _, {multiStream, S}}} <- Audit],
    maps:from_list([{Id, element(3, P)} || {'StreamDescriptor', Id, P} <- Streams]).

call(State, One, Two, Ids) ->
    {C1, T1, L1} = add(State, One, Ids, none),
    {C2, T2, L2} = add(State, Two, Ids, L1),
    Streams = [{Id, parms(State, mode(sendRecv), ?NO, maps:get(Id, L2))} || Id <- Ids],
    ok(conn_call(One, [action(C1, [amm(modReq, T1, [media(Streams)])])])),
    ask({call, [{One, C1, T1}, {Two, C2, T2}]}),
    say("up", []).

gateway(Conn, Mid, State) ->
    Gateways = [C || C <- maps:get(gateways, State), C =/= Conn] ++ [Conn],
    say("gateway ~s", [show(Mid)]),
    State#{gateways => Gateways}.

show({ip4Address, {'IP4Address', [A, B, C, D], Port}}) -> io_lib:format("[~b.~b.~b.~b]:~0p", [A, B, C, D, Port]);
show({domainName, {'DomainName', Name, _}}) -> "<" ++ Name ++ ">";
show(Other) -> io_lib:format("~0p", [Other]).

%% Lines of descriptions that carry connections.
addresses(Audit) ->
    Lines = [V || {mediaDescriptor, {'MediaDescriptor', _, {multiStream, S}}} <- Audit,
                  {'StreamDescriptor', _, P} <- S, D <- [element(3, P), element(4, P)], D =/= ?NO,
                  {'PropertyParm', N, [V], _} <- lists:append(element(2, D)), N =:= "c" orelse N =:= "m"],
    string:join([string:join(string:tokens(L, " "), "_") || L <- Lines], " ").

%% ---- state that callbacks need

wanted(From, Ref, Stream, #{ports := [Port | Rest], wanted := Wanted} = State) ->
    say("wanted ~b", [Port]),
    State#{ports => Rest, wanted => Wanted#{Port => {From, Ref, Stream}}}.

asked(mgc, {call, Ends}, State) -> {ok, State#{call => Ends}};
asked(_, {allocate, Stream}, #{ports := [Port | Rest], address := Address} = State) ->
    {{Port, local(Stream, inet:ntoa(Address), Port, [])}, State#{ports => Rest}};
asked(_, {allocate, _}, State) -> {none, State};
asked(_, new_term, #{next := N} = State) -> {term(255, N), State#{next => N + 1}};
asked(_, {keep, Term, Streams}, #{terms := Terms} = State) ->
    Old = maps:get(text(Term), Terms, #{}),
    {ok, State#{terms => Terms#{text(Term) => maps:merge(Old, Streams)}}};
asked(_, {streams, Term}, #{terms := Terms} = State) -> {maps:get(text(Term), Terms, #{}), State};
asked(_, subtract_all, #{terms := Terms} = State) -> {maps:keys(Terms), State#{terms => #{}}};
asked(_, state, State) -> {State, State}.

%% ---- callbacks of megaco

handle_connect(_, _) -> ok.
handle_connect(_, _, _) -> ok.
handle_disconnect(_, _, _) -> ok.
handle_syntax_error(_, _, Error) -> say("syntax ~0p", [Error]), reply.
handle_syntax_error(A, B, Error, _) -> handle_syntax_error(A, B, Error).
handle_message_error(_, _, Error) -> say("error ~0p", [Error]), ok.
handle_message_error(A, B, Error, _) -> handle_message_error(A, B, Error).
handle_trans_long_request(_, _, _) -> ok.
handle_trans_long_request(_, _, _, _) -> ok.
handle_trans_reply(_, _, _, _) -> ok.
handle_trans_reply(_, _, _, _, _) -> ok.
handle_trans_ack(_, _, _, _) -> ok.
handle_trans_ack(_, _, _, _, _) -> ok.
handle_unexpected_trans(_, _, Trans) -> say("unexpected ~0p", [Trans]), ok.
handle_unexpected_trans(A, B, Trans, _) -> handle_unexpected_trans(A, B, Trans).
handle_trans_request_abort(_, _, _, _) -> ok.
handle_trans_request_abort(_, _, _, _, _) -> ok.
handle_segment_reply(_, _, _, _, _) -> ok.
handle_segment_reply(_, _, _, _, _, _) -> ok.

handle_trans_request(Conn, _, Actions, _) -> handle_trans_request(Conn, 0, Actions).
handle_trans_request(Conn, _, Actions) ->
    try {discard_ack, [reply(Conn, A) || A <- Actions]}
    catch Class:What:Stack ->
        say("crash ~0p", [{Class, What, Stack}]),
        {discard_ack, {'ErrorDescriptor', 500, "crash"}}
    end.

reply(Conn, {'ActionRequest', Context, _, _, Commands}) ->
    New = case Context of 16#fffffffe -> 1 + erlang:unique_integer([positive]) rem 100000; _ -> Context end,
    {'ActionReply', New, ?NO, ?NO, lists:append([one(Conn, New, C) || {'CommandRequest', C, _, _} <- Commands])}.

one(Conn, _, {serviceChangeReq, {'ServiceChangeRequest', Terms, _}}) ->
    Mid = element(3, Conn),
    peer ! {gateway, Conn, Mid},
    [{serviceChangeReply, {'ServiceChangeReply', Terms, {serviceChangeResParms,
      {'ServiceChangeResParm', ?NO, ?NO, ?NO, ?NO, ?NO}}}}];
one(_, _, {notifyReq, N}) ->
    say("notified ~s", [text(hd(element(2, N)))]),
    [{notifyReply, {'NotifyReply', element(2, N), ?NO}}];
one(_, _, {addReq, {'AmmRequest', [{megaco_term_id, true, _}], Descriptors}}) ->
    Term = ask(new_term),
    [{addReply, {'AmmsReply', [Term], described(Term, Descriptors)}}];
one(_, _, {Kind, {'AmmRequest', [Term], Descriptors}}) ->
    Name = case Kind of addReq -> addReply; moveReq -> moveReply; modReq -> modReply end,
    [{Name, {'AmmsReply', [Term], described(Term, Descriptors)}}];
one(_, _, {subtractReq, {'SubtractRequest', [{megaco_term_id, true, _}], _}}) ->
    Gone = ask(subtract_all),
    [say("subtracted ~s", [T]) || T <- Gone],
    [{subtractReply, {'AmmsReply', [{megaco_term_id, false, string:tokens(T, "/")}],
      [{statisticsDescriptor, [{'StatisticsParameter', "nt/os", ["62300"]}]}]}} || T <- Gone];
one(_, _, {auditValueRequest, A}) ->
    Term = element(2, A),
    Found = case maps:to_list(ask({streams, Term})) of
        [] -> [];
        Streams -> [media([{Id, parms(ask(state), ?NO, L, R)} || {Id, {L, R}} <- Streams])]
    end,
    [{auditValueReply, {auditResult, {'AuditResult', Term, Found}}}].

%% What an Add or Modify asks of media: ports for wildcards, and where to send.
described(Term, Descriptors) ->
    Streams = lists:append([S || {mediaDescriptor, {'MediaDescriptor', _, {multiStream, S}}} <- Descriptors]),
    Old = ask({streams, Term}),
    State = ask(state),
    Rows = [stream(Term, Id, P, maps:get(Id, Old, {?NO, ?NO})) || {'StreamDescriptor', Id, P} <- Streams],
    ask({keep, Term, maps:from_list([{Id, Both} || {Id, Both, _} <- Rows])}),
    case [{Id, parms(State, ?NO, Local, ?NO)} || {Id, {Local, _}, true} <- Rows] of
        [] -> ?NO;
        Shown -> [media(Shown)]
    end.

stream(Term, Id, Parms, {OldLocal, OldRemote}) ->
    Remote = case element(4, Parms) of ?NO -> OldRemote; R -> remote(Term, Id, R), R end,
    case {element(3, Parms), OldLocal} of
        {?NO, _} -> {Id, {OldLocal, Remote}, false};
        {_, ?NO} ->
            {Port, Local} = ask({allocate, Id}),
            say("local ~s ~b ~b", [text(Term), Id, Port]),
            {Id, {Local, Remote}, true};
        _ -> {Id, {OldLocal, Remote}, true}
    end.

remote(Term, Id, {'LocalRemoteDescriptor', [Group | _]}) ->
    [C] = [V || {'PropertyParm', "c", [V], _} <- Group],
    [M] = [V || {'PropertyParm', "m", [V], _} <- Group],
    Port = lists:nth(2, string:tokens(M, " ")),
    Rtcp = [string:trim(N) || {'PropertyParm', "a", ["rtcp:" ++ N], _} <- Group],
    say("remote ~s ~b ~s ~s ~s", [text(Term), Id, lists:last(string:tokens(C, " ")), Port,
                                  hd(Rtcp ++ [integer_to_list(list_to_integer(Port) + 1)])]).
