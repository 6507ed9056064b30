import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * EU DSS on sealed files: java -cp "jars/*" Dss.java POLICY ROOT [CRL|DER...] -- FILE...
 * Nothing is fetched: what DSS may know besides the file is the root and what stands before the two dashes.
 * One line a signature: file, indication, sub-indication, level, what it complains of.
 */
public class Dss {
    public static void main(String[] asked) throws Exception {
        CommonTrustedCertificateSource root = new CommonTrustedCertificateSource();
        root.addCertificate(DSSUtils.loadCertificate(new File(asked[1])));
        CommonCertificateSource known = new CommonCertificateSource();
        List<byte[]> lists = new ArrayList<>();
        int at = 2;
        for (; !asked[at].equals("--"); at++) {
            if (asked[at].endsWith(".crl")) lists.add(Files.readAllBytes(Path.of(asked[at])));
            else known.addCertificate(DSSUtils.loadCertificate(new File(asked[at])));
        }
        for (at++; at < asked.length; at++) {
            CommonCertificateVerifier verifier = new CommonCertificateVerifier();
            verifier.setTrustedCertSources(root);
            verifier.setAdjunctCertSources(known);
            InputStream[] streams = lists.stream().map(ByteArrayInputStream::new).toArray(InputStream[]::new);
            if (streams.length > 0) verifier.setCrlSource(new ExternalResourcesCRLSource(streams));
            judge(new File(asked[at]), new File(asked[0]), verifier);
        }
    }

    private static void judge(File file, File policy, CommonCertificateVerifier verifier) {
        try {
            SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(file));
            validator.setCertificateVerifier(verifier);
            SimpleReport report = validator.validateDocument(policy).getSimpleReport();
            for (String id : report.getSignatureIdList()) {
                List<Message> said = new ArrayList<>(report.getAdESValidationErrors(id));
                if (report.getIndication(id) == Indication.TOTAL_PASSED) said.addAll(report.getAdESValidationWarnings(id));
                StringBuilder words = new StringBuilder();
                for (Message message : said) words.append(message.getValue()).append("; ");
                System.out.println(String.join("\t", file.getName(), "" + report.getIndication(id),
                    "" + report.getSubIndication(id), "" + report.getSignatureFormat(id), words));
            }
            if (report.getSignatureIdList().isEmpty()) System.out.println(file.getName() + "\tNO_SIGNATURE\t\t\t");
        } catch (Exception error) {
            System.out.println(file.getName() + "\tREFUSED\t\t\t" + error);
        }
    }
}
