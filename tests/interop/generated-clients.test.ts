import { describe } from 'vitest';
import { clientFile as client, describeForeign, interopHub } from './foreign-clients.ts';

/** Debian's folder of JAX-WS, which Java itself no longer includes. */
const JAVA_PATH = '/usr/share/java/jaxws-rt.jar:/usr/share/java/jaxws-api.jar:/usr/share/jaxws/lib/*';

describe('clients that are generated from the WSDL', () => {
  describeForeign(
    [
      {
        name: 'gSOAP (C++)',
        versions: ['1.1', '1.2'],
        needs: ['sh', '-c', 'wsdl2h -V && g++ --version && test -f /usr/include/stdsoap2.h'],
        packages: 'gsoap libgsoap-dev g++',
        build: [
          ['wsdl2h', '-o', 'hub.h', 'WSDL'],
          ['soapcpp2', '-C', '-j', '-L', '-w', '-x', '-I/usr/share/gsoap/import', 'hub.h'],
          [
            'g++',
            '-O0',
            '-I.',
            '-o',
            'client',
            client('gsoap-client.cpp'),
            'soapC.cpp',
            'soapHubSoap11Proxy.cpp',
            '-lgsoap++',
          ],
        ],
        run: ['./client'],
      },
      {
        name: 'JAX-WS (Java)',
        versions: ['1.1', '1.2'],
        needs: ['sh', '-c', 'javac -version && wsimport -version'],
        packages: 'default-jdk-headless jaxws',
        build: [
          ['wsimport', '-extension', '-keep', '-Xnocompile', '-p', 'hub', 'WSDL'],
          [
            'sh',
            '-c',
            `javac -nowarn -encoding UTF-8 -cp '${JAVA_PATH}' -d . hub/*.java ${client('JaxWsClient.java')}`,
          ],
        ],
        run: ['java', '-Dfile.encoding=UTF-8', '-Dsun.stdout.encoding=UTF-8', '-cp', `${JAVA_PATH}:.`, 'JaxWsClient'],
      },
    ],
    interopHub(),
  );
});
