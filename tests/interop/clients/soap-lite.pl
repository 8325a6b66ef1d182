# Speaks to the hub's SOAP door with SOAP::Lite, which reads its WSDL: address, user, password, code prefix.
use strict;
use warnings;
use utf8;
use open qw(:std :utf8);
use JSON::PP;
use SOAP::Lite;
use Time::Piece;

my ($wsdl, $user, $password, $prefix) = @ARGV;
sub SOAP::Transport::HTTP::Client::get_basic_credentials { return $user => $password }

my ($service) = values %{ SOAP::Schema->new->schema_url($wsdl)->parse->services };
my $ping = $service->{Ping};
my $hub = SOAP::Lite->new(proxy => $ping->{endpoint}->value)->default_ns('urn:lienthong:hub:v1')->autotype(0)
    ->on_action(sub { $service->{ $_[1] }{soapaction}->value })->on_fault(sub { return $_[1] });

# As a string a value is escaped; SOAP::Lite then writes xsi:type beside it.
sub element { my ($name, $value) = @_; return SOAP::Data->type(string => $value)->name($name) }
sub nested { my ($name, @members) = @_; return SOAP::Data->name($name => \SOAP::Data->value(@members)) }

sub dossier {
    my ($number, @more) = @_;
    return nested('dossier', element(code => "$prefix-$number"), element(serviceCode => '1.013225'),
        element(agencyCode => 'H60.01'), element(status => 'received'), element(statusAt => '2025-08-12T08:15:00+07:00'), @more);
}

my @full = (
    nested('applicant', element(name => 'Nguyễn Thị Ánh Tuyết & "Đức"'), element(identityNumber => '001000000001')),
    element(note => '12345678901234567.89'),
    nested('documents', element(id => '007'), element(name => 'Đơn xin cấp'), element(digitised => 'true')),
    nested('documents', element(id => '008'), element(digitised => 'false')),
    nested('fees', element(amountVnd => 20000)),
    element(databases => 'dân cư'), element(databases => 'đất đai'),
);
my @one_of_each = (nested('documents', element(id => '1')), element(databases => 'một'));
my $pushed = $hub->call(PushDossiers => dossier('0001'), dossier('0002', @full), dossier('0003', @one_of_each));
my $single = $hub->call(PushDossiers => dossier('0004'));
my $read = $hub->call(GetDossier => element(code => "$prefix-0002"));
my $bare = $hub->call(GetDossier => element(code => "$prefix-0001"));
for my $reply ($pushed, $single, $read, $bare) { die $reply->faultstring if $reply->fault }
my $fault = $hub->call(GetDossier => element(code => "$prefix-9999"));

sub all_of { my ($som, $path) = @_; return [ $som->valueof("//GetDossierResponse/dossier/$path") ] }
(my $at = $read->valueof('//dossier/statusAt')) =~ s/([+-]\d\d):(\d\d)$/$1$2/;

print JSON::PP->new->encode({
    version => $hub->call('Ping')->valueof('//version'),
    outcomes => [ $pushed->valueof('//result/outcome') ],
    single => $single->valueof('//result/outcome'),
    read => {
        name => $read->valueof('//applicant/name'),
        identityNumber => $read->valueof('//applicant/identityNumber'),
        note => $read->valueof('//note'),
        documents => [ map { [ $_->{id}, $_->{digitised} eq 'true' ? JSON::PP::true : JSON::PP::false ] } @{ all_of($read, 'documents') } ],
        amounts => [ map { $_ + 0 } @{ all_of($read, 'fees/amountVnd') } ],
        databases => all_of($read, 'databases'),
        at => Time::Piece->strptime($at, '%Y-%m-%dT%H:%M:%S%z')->epoch,
    },
    bare => [
        defined $bare->valueof('//note') ? JSON::PP::false : JSON::PP::true,
        map { scalar @{ all_of($bare, $_) } } qw(documents fees databases)
    ],
    fault => {
        code => $fault->faultcode,
        reason => $fault->faultstring,
        problem => $fault->valueof('//HubFault/problems/message'),
    },
});
