%% -*- erlang -*-
%% Encodes random values: reads terms {Module, Type, Value, Changed} from a file and writes lines
%% `TYPE HEX CHANGED-HEX`, CHANGED-HEX only where Changed is another value.
%%
%%   escript encode.escript DIR-OF-BEAMS TERMS OUT
main([Beams, Terms, Out]) ->
    code:add_patha(Beams),
    {ok, In} = file:open(Terms, [read, {read_ahead, 65536}]),
    {ok, File} = file:open(Out, [write, raw, delayed_write]),
    encode_all(In, File),
    file:close(File).

encode_all(In, Out) ->
    case io:read(In, '') of
        {ok, Value} -> encode_line(Value, Out), encode_all(In, Out);
        eof -> ok
    end.

encode_line({Module, Type, Value, Changed}, Out) ->
    Hex = hex(Module, Type, Value),
    More = case Changed of Value -> []; _ -> [" ", hex(Module, Type, Changed)] end,
    file:write(Out, [atom_to_list(Type), " ", Hex, More, "\n"]).

hex(Module, Type, Value) ->
    case Module:encode(Type, Value) of
        {ok, Bytes} -> binary:encode_hex(Bytes);
        {error, Why} ->
            io:format(standard_error, "~s ~s: ~P~n", [Module, Type, Why, 40]),
            halt(1)
    end.
