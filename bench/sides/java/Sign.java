import eu.europa.esig.dss.enumerations.CertificationPermission;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.PAdESTimestampParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.spi.x509.tsp.KeyEntityTSPSource;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import java.io.File;
import java.io.FileInputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.Set;

/**
 * EU DSS's signing loop as its documentation shows it: java -cp "jars/*" Sign.java FOLDER ROUNDS WARM POLICY LEVEL...
 * In the folder: page.pdf, seal.p12, unit.p12 (pass phrase "bench"), root.der, and the lists root.crl, issuing-ca.crl.
 * Everything is in this process, the time-stamper too; the field is not seen. One line a level: median CPU ms of the thread.
 */
public class Sign {
    public static void main(String[] asked) throws Exception {
        String folder = asked[0];
        int rounds = Integer.parseInt(asked[1]), warm = Integer.parseInt(asked[2]);
        char[] pass = "bench".toCharArray();
        KeyStore unit = KeyStore.getInstance("PKCS12");
        unit.load(new FileInputStream(folder + "/unit.p12"), pass);
        KeyEntityTSPSource stamper = new KeyEntityTSPSource(unit, "unit", pass);
        stamper.setTsaPolicy(asked[3]);
        stamper.setAcceptedDigestAlgorithms(Set.of(DigestAlgorithm.SHA256));
        CommonTrustedCertificateSource root = new CommonTrustedCertificateSource();
        root.addCertificate(DSSUtils.loadCertificate(new File(folder + "/root.der")));
        Pkcs12SignatureToken token = new Pkcs12SignatureToken(folder + "/seal.p12", new KeyStore.PasswordProtection(pass));
        DSSPrivateKeyEntry key = token.getKeys().get(0);
        byte[] page = Files.readAllBytes(Path.of(folder, "page.pdf"));
        ThreadMXBean clock = ManagementFactory.getThreadMXBean();
        for (int level = 4; level < asked.length; level++) {
            double[] took = new double[rounds];
            DSSDocument made = null;
            for (int round = -warm; round < rounds; round++) {
                long start = clock.getCurrentThreadCpuTime();
                CommonCertificateVerifier verifier = new CommonCertificateVerifier();
                verifier.setTrustedCertSources(root);
                verifier.setCrlSource(new ExternalResourcesCRLSource(
                    new FileInputStream(folder + "/root.crl"), new FileInputStream(folder + "/issuing-ca.crl")));
                PAdESService service = new PAdESService(verifier);
                service.setTspSource(stamper);
                made = sealed(service, token, key, page, asked[level]);
                if (round >= 0) took[round] = (clock.getCurrentThreadCpuTime() - start) / 1e6;
            }
            Arrays.sort(took);
            made.save(folder + "/dss-" + asked[level] + ".pdf");
            System.out.println(asked[level] + "\t" + took[rounds / 2]);
        }
    }

    private static DSSDocument sealed(
            PAdESService service, Pkcs12SignatureToken token, DSSPrivateKeyEntry key, byte[] page, String level) {
        PAdESSignatureParameters wanted = new PAdESSignatureParameters();
        wanted.setSignatureLevel(SignatureLevel.valueOf("PAdES_BASELINE_" + level));
        wanted.setDigestAlgorithm(DigestAlgorithm.SHA256);
        wanted.setSignatureTimestampParameters(new PAdESTimestampParameters(DigestAlgorithm.SHA256));
        wanted.setArchiveTimestampParameters(new PAdESTimestampParameters(DigestAlgorithm.SHA256));
        wanted.setSigningCertificate(key.getCertificate());
        wanted.setCertificateChain(key.getCertificateChain());
        wanted.setPermission(CertificationPermission.NO_CHANGE_PERMITTED);
        DSSDocument document = new InMemoryDocument(page, "page.pdf");
        ToBeSigned signed = service.getDataToSign(document, wanted);
        SignatureValue value = token.sign(signed, DigestAlgorithm.SHA256, key);
        return service.signDocument(document, wanted, value);
    }
}
